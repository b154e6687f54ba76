"""Script that sends the request of a smoke test, run with a shell and curl against a local server."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from providers.contract.smoke import ATTEMPTS, smoke_failure, smoke_script, smoke_variables

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


class Server(ThreadingHTTPServer):
    """Server that gives its statuses one after another, and the last again and again."""

    statuses: Sequence[int] = (200,)
    headers_seen: list[str | None]
    paths: list[str]

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers with the next status of the server."""

    def do_GET(self) -> None:
        """Answer a request."""
        server = self.server
        assert isinstance(server, Server)
        number = len(server.paths)
        server.paths.append(self.path)
        server.headers_seen.append(self.headers.get("Authorization"))
        self.send_response(server.statuses[min(number, len(server.statuses) - 1)])
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a running server."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.headers_seen, running.paths = [], []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def run(tmp_path: Path, url: str, status: int, script: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a `sleep` that does not wait."""
    stub = tmp_path / "sleep"
    stub.write_text("#!/bin/sh\n", encoding="utf-8")
    stub.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", **smoke_variables(url, status)}
    return subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False)


def test_the_expected_status_is_success(server: Server, tmp_path: Path) -> None:
    server.statuses = (204,)
    ended = run(tmp_path, f"{server.url}/ready?deep=1", 204, smoke_script())
    assert (ended.returncode, ended.stdout, server.paths) == (0, "", ["/ready?deep=1"])
    assert server.headers_seen == [None]


def test_a_status_that_comes_later_is_success(server: Server, tmp_path: Path) -> None:
    server.statuses = (404, 503, 200)
    assert run(tmp_path, f"{server.url}/ready", 200, smoke_script()).returncode == 0
    assert len(server.paths) == 3


def test_another_status_is_a_failure_after_every_attempt(server: Server, tmp_path: Path) -> None:
    server.statuses = (500,)
    ended = run(tmp_path, f"{server.url}/ready", 200, smoke_script())
    assert (ended.returncode, len(server.paths)) == (1, ATTEMPTS)
    assert smoke_failure("/ready", 200, ended.stdout) == "/ready answered 500, not 200"


def test_an_address_without_a_server_is_not_answered(tmp_path: Path) -> None:
    ended = run(tmp_path, "http://127.0.0.1:9/ready", 200, smoke_script())
    assert ended.returncode == 1
    assert smoke_failure("/ready", 200, ended.stdout) == "/ready was not answered"


def test_the_header_is_piped_into_curl(server: Server, tmp_path: Path) -> None:
    ended = run(tmp_path, server.url, 200, smoke_script("printf 'Authorization: Bearer '; printf token"))
    assert (ended.returncode, server.headers_seen) == (0, ["Bearer token"])


@pytest.mark.parametrize("output", ["", "2026-11-28 INFO", "smoke-status"])
def test_output_without_a_status_is_no_answer(output: str) -> None:
    assert smoke_failure("/ready", 200, output) == "/ready was not answered"
