"""Serve the plugins of the tests: `python -m tests.engine.plugin_server <folder of the sockets>`, until standard input ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from tests.engine.fake_cloud.__main__ import GRPC_OPTIONS, MAX_CONCURRENT_CALLS
from tests.engine.fake_cloud.cloud import FOLDER_VARIABLE, FakeCloud
from tests.engine.fake_cloud.provider import Provider
from tests.engine.language_host.host import LanguageHost, start_process
from tests.engine.language_host.program import AS_SHIPPED
from tests.engine.plugin_server.client import LANGUAGE
from tests.engine.plugin_server.programs import REQUEST_SECONDS, ForkedProgram, receive

PLUGINS, PROGRAMS = "plugins", "programs"
"""Names of the sockets."""


class Plugin:
    """Plugin of one client, served on a separate port until the client ends."""

    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self._connection, self._folder = connection, folder
        self._descriptors: list[int] = []
        self._programs: list[ForkedProgram] = []
        self._lock, self._has_ended = threading.Lock(), False

    def serve(self) -> None:
        """Serve the plugin, and close the outputs of its client at the end whatever happens.

        The engine waits without a time limit until the outputs of a plugin that it has killed are closed
        (pulumi/pkg, resource/plugin/plugin.go, `Close`).
        """
        with self._connection, suppress(EOFError):  # a client that was killed before its request
            try:
                self._connection.settimeout(REQUEST_SECONDS)
                request, self._descriptors = receive(self._connection)
                self._connection.settimeout(None)
                self._serve(request)
            finally:
                with self._lock:
                    self._has_ended = True
                for program in self._programs:
                    program.kill()
                for descriptor in self._descriptors:
                    os.close(descriptor)

    def _serve(self, request: Mapping[str, Any]) -> None:
        server = grpc.server(ThreadPoolExecutor(MAX_CONCURRENT_CALLS), options=GRPC_OPTIONS)
        environment: Mapping[str, str] = request["environment"]
        end: Callable[[], object] = bool
        if request["plugin"] == LANGUAGE:
            start = start_process if AS_SHIPPED in environment else self._start
            host = LanguageHost(next(iter(request["arguments"]), ""), environment, start)
            end = host.kill_program
            language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
        else:
            provider = Provider(request["plugin"], FakeCloud(Path(environment[FOLDER_VARIABLE])))
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
            end = provider.end
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            self._connection.sendall(f"{port}\n".encode())
            while self._connection.recv(1024):
                pass
        finally:
            end()
            server.stop(grace=None)

    def _start(self, command: list[str], cwd: str | None, variables: Mapping[str, str]) -> ForkedProgram:
        _, _, *arguments = command
        request = {"arguments": arguments, "folder": cwd, "environment": dict(variables)}
        with self._lock:
            if self._has_ended:
                raise RuntimeError("the engine has ended")
            program = ForkedProgram(self._folder / PROGRAMS, request, self._descriptors)
            self._programs.append(program)
        return program


def accept_clients(listener: socket.socket, folder: Path) -> None:
    """Serve each client in a thread; end this process when no more can be accepted, so that none waits for an answer."""
    try:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=Plugin(connection, folder).serve, daemon=True).start()
    finally:
        os._exit(1)


def main(folder: Path) -> None:
    """Start the process that forks programs, then serve plugins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = [sys.executable, "-m", "tests.engine.plugin_server.programs", str(folder / PROGRAMS)]
    programs = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    assert programs.stdout is not None
    programs.stdout.readline()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / PLUGINS))
    listener.listen(64)
    threading.Thread(target=accept_clients, args=(listener, folder), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    # no reader follows: a program in another environment, which inherits this output, would wait for one
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.read()
    programs.kill()
    programs.wait()
    os._exit(0)


main(Path(sys.argv[1]))
