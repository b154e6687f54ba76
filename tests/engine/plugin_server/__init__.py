"""Plugins of the engine in one process for all tests of a worker, so that these import the SDKs once.

The engine starts a small client in place of each plugin (`client.py`). The client asks this process for a separate gRPC
server, prints its port, and represents the plugin: when it is killed, running calls are cancelled and the server stops.
Programs of a language host are forks of a process that has imported their libraries before (`programs.py`).
"""
