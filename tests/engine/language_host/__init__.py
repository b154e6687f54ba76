"""Python language host for stack programs under test, on the gRPC classes of the SDK.

The Pulumi CLI can be built as a Go tool, its Python language host cannot: it is not served as a module. This host runs
programs, policy packs and packages in the environment of the tests, without installation of dependencies.
`test_language_host.py` compares it with the host that Pulumi ships, where that is on PATH.
"""
