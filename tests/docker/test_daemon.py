"""How Docker is asked: where it is looked for, what its silence is called, who has a port of this machine."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from providers.docker.preflight.daemon import Daemon, Silent, Unasked, daemon_of, why_silent
from providers.docker.preflight.host import Port
from providers.docker.preflight.inspection import taker_of
from providers.docker.preflight.ports import EVERYWHERE


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (FileNotFoundError(), "there is no such socket"),
        (PermissionError(), "this user may not open the socket"),
        (ConnectionRefusedError(), "the connection is refused"),
        (TimeoutError(), "nothing comes back within 5 seconds"),
        (socket.gaierror(), "its host has no address"),
    ],
)
def test_each_silence_has_its_clause(error: Exception, why: str) -> None:
    assert why_silent(error) == why


def test_the_daemon_is_where_the_environment_says() -> None:
    assert daemon_of({"HOME": "/nowhere"}).address == "unix:///var/run/docker.sock"
    remote = daemon_of({"DOCKER_HOST": "tcp://build.example.com:2375"})
    assert (remote.address, remote.here) == ("tcp://build.example.com:2375", False)
    with pytest.raises(Unasked, match="DOCKER_CONTEXT names remote"):
        daemon_of({"DOCKER_CONTEXT": "remote"})
    with pytest.raises(Unasked, match="ssh://"):
        Daemon("ssh://build.example.com").data("/info")


@contextmanager
def answering(status: int, content: bytes) -> Generator[str]:
    """The address of something that answers so, whatever it is asked."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_what_answers_otherwise_than_docker_is_told(tmp_path: Path) -> None:
    with answering(200, b'{"ServerVersion": "28.0"}') as address:
        assert Daemon(address).data("/info") == {"ServerVersion": "28.0"}
    with answering(404, b"") as address:
        assert Daemon(address).data("/info") is None
    with answering(200, b"<html>") as address, pytest.raises(Silent, match="no Docker"):
        Daemon(address).data("/info")
    with answering(500, b"") as address, pytest.raises(Silent, match="error 500"):
        Daemon(address).data("/info")
    with pytest.raises(Silent, match="no such socket"):
        Daemon(f"unix://{tmp_path}/docker.sock").data("/info")


def test_a_process_that_listens_is_found_by_its_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = Port(server.getsockname()[1], EVERYWHERE)
        assert str(taker_of(port)).startswith("the process ")
    assert taker_of(port) is None
