"""Serve the plugins of the tests: `python -m tests.engine.plugin_server <folder of the sockets>`, until standard input ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from tests.engine.fake_cloud.__main__ import GRPC_OPTIONS, MAX_CONCURRENT_CALLS
from tests.engine.fake_cloud.cloud import FOLDER_VARIABLE, FakeCloud
from tests.engine.fake_cloud.provider import Provider
from tests.engine.language_host.host import LanguageHost
from tests.engine.plugin_server.client import LANGUAGE
from tests.engine.plugin_server.programs import EXIT, MODULES, receive

PLUGINS, PROGRAMS = "plugins", "programs"
"""Names of the sockets."""


class ForkedProgram:
    """Program that `programs.py` has forked, with the methods of a process that a language host uses."""

    modules: list[str] = []
    """Installed modules that the programs so far have imported."""

    def __init__(self, path: Path, request: Mapping[str, object], descriptors: list[int]) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(path))
        message = json.dumps({**request, MODULES: self.modules}).encode() + b"\n"
        socket.send_fds(self.connection, [message], descriptors)
        self.lines = self.connection.makefile()
        self.pid = 0
        self.exit_code: int | None = None

    def wait(self) -> int:
        """Wait for the end of the program and return its exit code."""
        for line in self.lines:
            message: dict[str, Any] = json.loads(line)
            self.pid = message.get("pid", self.pid)
            if MODULES in message:
                known = set(self.modules)
                self.modules.extend(name for name in message[MODULES] if name not in known)
            self.exit_code = message.get(EXIT, self.exit_code)
        self.connection.close()
        return 1 if self.exit_code is None else self.exit_code

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        return self.exit_code

    def send_signal(self, number: int) -> None:
        """Send a signal to the program."""
        if self.pid:
            os.kill(self.pid, number)


def serve_client(connection: socket.socket, folder: Path) -> None:
    """Serve one plugin on a separate port until its client ends."""
    request, descriptors = receive(connection)
    environment: Mapping[str, str] = request["environment"]
    server = grpc.server(ThreadPoolExecutor(MAX_CONCURRENT_CALLS), options=GRPC_OPTIONS)
    if request["plugin"] == LANGUAGE:

        def start(command: list[str], cwd: str | None, variables: Mapping[str, str]) -> ForkedProgram:
            _, _, *arguments = command
            program = {"arguments": arguments, "folder": cwd, "environment": dict(variables)}
            return ForkedProgram(folder / PROGRAMS, program, descriptors)

        host = LanguageHost(next(iter(request["arguments"]), ""), environment, start)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
        end = host.kill_program
    else:
        provider = Provider(request["plugin"], FakeCloud(Path(environment[FOLDER_VARIABLE])))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        end = provider.end
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    connection.sendall(f"{port}\n".encode())
    while connection.recv(1024):
        pass
    end()
    server.stop(grace=None)
    connection.close()
    for descriptor in descriptors:
        os.close(descriptor)


def accept_clients(listener: socket.socket, folder: Path) -> None:
    """Serve each client in a thread."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve_client, args=(connection, folder), daemon=True).start()


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
    sys.stdin.read()
    programs.kill()
    programs.wait()
    os._exit(0)


main(Path(sys.argv[1]))
