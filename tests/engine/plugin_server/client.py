"""Client that the engine starts as a plugin; it imports no package, and so starts in a tenth of the time."""

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

ADDRESS_VARIABLE = "FAKE_PLUGINS"
"""Environment variable with the path of the socket of the plugin server."""
LANGUAGE = "language"
POLL_SECONDS = 0.5
START_SECONDS = 120.0
"""Longest time for the plugin server to answer with the port; the engine waits for it without a limit."""


def main(plugin: str, *arguments: str) -> int:
    """Print the port of the plugin and wait until the server ends or, for a language host, the engine."""
    # the engine interrupts its plugins at the end, and the server sees it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = os.getppid()
    request = {"plugin": plugin, "arguments": arguments, "environment": dict(os.environ), "parent": parent}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(START_SECONDS)
        connection.connect(os.environ[ADDRESS_VARIABLE])
        send(connection, request, [1, 2])
        sys.stdout.write(connection.makefile().readline())
        sys.stdout.flush()
        while plugin != LANGUAGE or os.getppid() == parent:
            if select.select([connection], [], [], POLL_SECONDS)[0]:
                return 0
    return 1


def send(connection: socket.socket, request: Mapping[str, object], descriptors: Sequence[int]) -> None:
    """Send a request, one line of JSON, and file descriptors, within the time limit of the connection."""
    message = json.dumps(request).encode() + b"\n"
    connection.sendall(message[socket.send_fds(connection, [message], descriptors) :])
