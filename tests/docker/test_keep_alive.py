"""Idle connections of real servers: an entry that sends a request at its idle timeout meets no closed connection.

The servers are those of `.ci/tools`, or on PATH. A server that closes first loses the request, which a load balancer answers 502.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from providers.contract.presets import PRESETS, App
from providers.contract.spec import IngressSpec
from tests.docker.specs import spec_of
from tests.planning import ROOT
from tests.ports import free_port

IDLE_SECONDS = 1
SERVES = pytest.mark.long(reason="waits for idle connections of a real server")
CONNECTIONS, REQUESTS = 50, 4
"""200 requests, each at the idle timeout after the one before it."""
REQUEST = b"GET / HTTP/1.1\r\nHost: agents.example.com\r\n\r\n"
APPLICATION = """
async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", "--host=127.0.0.1", "--port={port}", "--log-level=warning", "application:asgi"),
    # the default sync workers close every connection after its answer
    "gunicorn": (
        "gunicorn",
        "--bind=127.0.0.1:{port}",
        "--log-level=error",
        "--worker-class=gthread",
        "--threads=64",
        "application:wsgi",
    ),
}
SERVED: tuple[tuple[App, str], ...] = (
    ("agentos", "uvicorn"),
    ("fastapi", "uvicorn"),
    ("fastapi", "gunicorn"),
    ("django", "gunicorn"),
)
"""Presets with a setting for idle connections, and the servers that read it."""
HAPROXY = """
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout http-keep-alive 30s
    retries 0
frontend entry
    bind 127.0.0.1:{entry}
    default_backend service
backend service
    http-reuse always
    server service 127.0.0.1:{port} pool-purge-delay {idle}s
"""


def program(name: str) -> str:
    """Path of a server; skips the test without one."""
    found = shutil.which(name, path=f"{ROOT / '.cache/tools/servers/bin'}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed: run .ci/tools")
    return found


def environment(app: App) -> dict[str, str]:
    """Variables of a preset for an entry with the idle timeout of this file."""
    seconds = spec_of({"ingress.idle_timeout_seconds": IDLE_SECONDS}).keep_alive_seconds
    return {name: value.format(keep_alive_seconds=seconds) for name, value in PRESETS[app].environment}


@contextmanager
def running(command: Sequence[str], port: int, variables: Mapping[str, str], folder: Path) -> Generator[None]:
    """Run a program until it has accepted a connection, and end it afterwards."""
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), **variables}
    with subprocess.Popen(command, env=own, cwd=folder, stdout=sys.stderr) as process:
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


@contextmanager
def served(server: str, variables: Mapping[str, str], folder: Path) -> Generator[int]:
    """Port of a server with an application that answers at once."""
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    port = free_port()
    name, *arguments = COMMANDS[server]
    command = [program(name), *(argument.format(port=port) for argument in arguments)]
    with running(command, port, variables, folder):
        yield port


def answered(connection: socket.socket) -> bool:
    """Send a request as a load balancer does, without a look at whether the connection was closed, and read its answer."""
    try:
        connection.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b"ok"):
            part = connection.recv(4096)
            if not part:
                return False
            answer += part
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.1 200 OK")


def lost_requests(port: int) -> int:
    """Return how many of the requests at the idle timeout have no answer."""

    def requests(_: int) -> int:
        lost = 0
        connection = socket.create_connection(("127.0.0.1", port), 10)
        for number in range(REQUESTS):
            if number:
                time.sleep(IDLE_SECONDS)
            if not answered(connection):
                lost += 1
                connection.close()
                connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.close()
        return lost

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(requests, range(CONNECTIONS)))


@SERVES
@pytest.mark.parametrize(("app", "server"), SERVED)
def test_no_request_at_the_idle_timeout_meets_a_closed_connection(app: App, server: str, tmp_path: Path) -> None:
    with served(server, environment(app), tmp_path) as port:
        assert lost_requests(port) == 0


@SERVES
def test_a_server_that_closes_at_the_idle_timeout_loses_requests(tmp_path: Path) -> None:
    with served("uvicorn", {"UVICORN_TIMEOUT_KEEP_ALIVE": str(IDLE_SECONDS)}, tmp_path) as port:
        assert lost_requests(port) > 0


@SERVES
@pytest.mark.parametrize("server", COMMANDS)
def test_a_server_closes_idle_connections_before_the_default_entry_without_the_setting(
    server: str, tmp_path: Path
) -> None:
    with served(server, {}, tmp_path) as port, socket.create_connection(("127.0.0.1", port), 30) as connection:
        assert answered(connection)
        start = time.monotonic()
        assert connection.recv(1) == b""
        assert time.monotonic() - start < IngressSpec().idle_timeout_seconds


@SERVES
@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on PATH")
def test_a_proxy_that_reuses_connections_never_answers_502(tmp_path: Path) -> None:
    with served("uvicorn", environment("agentos"), tmp_path) as port:
        entry, file = free_port(), tmp_path / "haproxy.cfg"
        file.write_text(HAPROXY.format(entry=entry, port=port, idle=IDLE_SECONDS), encoding="utf-8")
        with running(["haproxy", "-db", "-f", str(file)], entry, {}, tmp_path):
            assert lost_requests(entry) == 0


def test_every_preset_with_a_port_has_the_setting_or_a_server_that_needs_none() -> None:
    """Streamlit's server, Tornado, keeps idle connections for an hour (`idle_connection_timeout`); `custom` runs any server."""
    without = {app for app, preset in PRESETS.items() if preset.port is not None and not preset.environment}
    assert without == {"streamlit"}
    assert {app for app, preset in PRESETS.items() if preset.environment} == {app for app, _ in SERVED}
