"""Python language host for stack programs under test, on the gRPC classes of the SDK.

The Pulumi CLI can be built as a Go tool, its Python language host cannot: it is not served as a module. This host runs
programs in the environment of the tests, and supports what the engine needs to run one: no policy packs, no packages
written in Python, no installation of dependencies. `test_language_host.py` compares it with the host that Pulumi ships,
where that is on PATH.
"""
