"""Plugins of the engine in one process for all tests of a worker, so that the SDKs are imported once.

The engine starts a small client in place of each plugin (`client.py`). The client asks this process for a gRPC server of its
own, prints the port of it, and stands for the plugin: when it is killed, running calls are cancelled and the server stops.
Programs of a language host are forks of a process that has imported the SDKs before (`programs.py`).
"""
