"""Client of the Docker daemon: its address, the reasons why it does not answer, and owners of ports."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from providers.docker.preflight.daemon import Daemon, DaemonUnreachable, DaemonUnsupported, daemon_from, reason_of
from providers.docker.preflight.host import ALL_ADDRESSES, Port
from providers.docker.preflight.inspection import port_owner


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(), "the socket does not exist"),
        (PermissionError(), "this user may not open the socket"),
        (ConnectionRefusedError(), "the connection is refused"),
        (TimeoutError(), "no answer within 5 seconds"),
        (socket.gaierror(), "its host name cannot be resolved"),
    ],
)
def test_each_connection_error_has_a_reason(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_the_environment_sets_the_address_of_the_daemon() -> None:
    assert daemon_from({"HOME": "/nowhere"}).address == "unix:///var/run/docker.sock"
    remote = daemon_from({"DOCKER_HOST": "tcp://build.example.com:2375"})
    assert (remote.address, remote.is_local) == ("tcp://build.example.com:2375", False)
    with pytest.raises(DaemonUnsupported, match="DOCKER_CONTEXT is remote"):
        daemon_from({"DOCKER_CONTEXT": "remote"})
    with pytest.raises(DaemonUnsupported, match="ssh://"):
        Daemon("ssh://build.example.com").get_json("/info")


@contextmanager
def server_with_answer(status: int, content: bytes) -> Generator[str]:
    """Address of a server that gives this answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_an_answer_that_is_not_from_docker_is_reported(tmp_path: Path) -> None:
    with server_with_answer(200, b'{"ServerVersion": "28.0"}') as address:
        assert Daemon(address).get_json("/info") == {"ServerVersion": "28.0"}
    with server_with_answer(404, b"") as address:
        assert Daemon(address).get_json("/info") is None
    with (
        server_with_answer(200, b"<html>") as address,
        pytest.raises(DaemonUnreachable, match="not from a Docker daemon"),
    ):
        Daemon(address).get_json("/info")
    with server_with_answer(500, b"") as address, pytest.raises(DaemonUnreachable, match="status 500"):
        Daemon(address).get_json("/info")
    with pytest.raises(DaemonUnreachable, match="socket does not exist"):
        Daemon(f"unix://{tmp_path}/docker.sock").get_json("/info")


def test_the_process_that_listens_on_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = Port(server.getsockname()[1], ALL_ADDRESSES)
        assert str(port_owner(port)).startswith("the process ")
    assert port_owner(port) is None
