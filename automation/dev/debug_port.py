"""Debug port of a service on the loopback address of this machine.

Each connection is relayed by `docker exec` to the debugger in the container. No port is published and no network is
joined, so the networks of the service stay as `up` declares them.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from automation.dev.service_source import PYTHON, TOOLS_FOLDER
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65536


class DebugPort:
    """Port for a debugger's client; `container` returns the running container of the service, or None."""

    def __init__(self, service: str, port: int, environment: Mapping[str, str]) -> None:
        self.service, self.port, self.environment = service, port, dict(environment)
        self._server = _listen(service, port)
        self._relays: list[subprocess.Popen[bytes]] = []

    def start(self, container: Callable[[], str | None]) -> None:
        """Accept clients."""
        threading.Thread(target=self._accept, args=(container,), daemon=True).start()

    def close(self) -> None:
        """End the port and its connections."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for relay in self._relays:
            with suppress(ProcessLookupError):
                relay.kill()
            relay.wait()

    def _accept(self, container: Callable[[], str | None]) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            name = container()
            if name is None:
                client.close()
                continue
            command = ["docker", "exec", "-i", name, *PYTHON, f"{TOOLS_FOLDER}/relay.py", str(self.port)]
            relay = subprocess.Popen(  # noqa: S603  # no user input
                command, env=self.environment, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._relays.append(relay)
            for pump in (_to_relay, _to_client):
                threading.Thread(target=pump, args=(client, relay), daemon=True).start()


def _listen(service: str, port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        problem = f"port {port} for the debugger of {service} cannot be used: {error.strerror}"
        fix = f"name another one: --debug {service}:PORT"
        raise InvalidConfiguration([ConfigError("--debug", problem, fix)]) from None


def _to_relay(client: socket.socket, relay: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        while relay.stdin is not None and (data := client.recv(CHUNK_BYTES)):
            relay.stdin.write(data)
            relay.stdin.flush()
    with suppress(OSError):
        if relay.stdin is not None:
            relay.stdin.close()


def _to_client(client: socket.socket, relay: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        while relay.stdout is not None and (data := os.read(relay.stdout.fileno(), CHUNK_BYTES)):
            client.sendall(data)
    client.close()
