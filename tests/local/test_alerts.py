"""Alert rules with a real cause: each alert fires with its cause and ends with it."""

import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.local.fast_prometheus import FastPrometheus, fast_prometheus
from tests.local.host_stack import HostStack, docker
from tests.local.load import load
from tests.local.poll import eventually

FIRES_SECONDS, ENDS_SECONDS = 90, 120
USE_CPU = """
import json, socket, threading, time
body = json.dumps({"expression": "1+1", "more": list(range(20000))}).encode()
head = f"POST /calculate HTTP/1.1\\r\\nHost: tools\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
def ask():
    while True:
        try:
            with socket.create_connection(("tools", 8001), timeout=10) as connection:
                while True:
                    connection.sendall(head.encode() + body)
                    connection.recv(4096)
        except OSError:
            time.sleep(0.1)
for _ in range(8):
    threading.Thread(target=ask, daemon=True).start()
time.sleep(600)
"""
"""Requests that are expensive to parse keep the only replica of `tools` at its limit of half a CPU."""
FILL_MEMORY = """
import socket, time
while True:  # the cause before this one has restarted `tools`
    try:
        connection = socket.create_connection(("tools", 8001))
        break
    except OSError:
        time.sleep(0.1)
head = b"POST /calculate HTTP/1.1\\r\\nHost: tools\\r\\nContent-Type: application/json\\r\\nContent-Length: 900000000\\r\\n\\r\\n"
connection.sendall(head)
for _ in range(412):
    connection.sendall(b" " * 1_000_000)
    time.sleep(0.02)
time.sleep(600)
"""
"""An endless request body, which `tools` keeps in memory."""
Cause = Callable[[HostStack], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def fast(session_stack: HostStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastPrometheus]:
    eventually(lambda: session_stack.ask("/health").status == 200, 60)
    folder = tmp_path_factory.mktemp("fast-prometheus")
    with fast_prometheus(session_stack, folder) as prometheus:
        eventually(prometheus.is_ready, 60)
        yield prometheus


def test_a_healthy_platform_has_no_alerts(stack: HostStack, fast: FastPrometheus) -> None:
    eventually(lambda: not fast.firing(), ENDS_SECONDS)
    time.sleep(30)
    assert not fast.firing()


@contextmanager
def _inside_gateway(stack: HostStack, script: str) -> Generator[None]:
    container = stack.replicas("gateway")[0]
    process = subprocess.Popen(["docker", "exec", "--interactive", container, "python3", "-c", script])
    try:
        yield
    finally:
        process.kill()
        # the process in the container outlives `docker exec`; the restart ends it and frees its memory
        docker("restart", "--time=2", container, stack.container("compute-tools-1"))


@contextmanager
def _stopped(stack: HostStack, part: str) -> Generator[None]:
    container = stack.container(part)
    docker("stop", "--time=10", container)
    try:
        yield
    finally:
        docker("start", container)


@contextmanager
def _paused(stack: HostStack, part: str) -> Generator[None]:
    container = stack.container(part)
    docker("pause", container)
    try:
        yield
    finally:
        docker("unpause", container)


@contextmanager
def _database_stopped_under_load(stack: HostStack) -> Generator[None]:
    with load(stack, 10, lambda number: ("/notes", {"text": f"note {number}"})), _stopped(stack, "database-server"):
        yield


@contextmanager
def _broken_dump(stack: HostStack) -> Generator[None]:
    courier = stack.container("backup-courier")
    broken = (
        "echo broken > /exchange/.in.part && echo broken > /exchange/in.name && mv /exchange/.in.part /exchange/in.dump"
    )
    docker("exec", courier, "sh", "-c", broken)
    try:
        yield
    finally:
        docker("exec", stack.container("backup-dump"), "sh", "/etc/agent-platform/dump.sh", "now")


CAUSES: Mapping[str, Cause] = {
    "tools-cpu-percent": lambda stack: _inside_gateway(stack, USE_CPU),
    "tools-memory-percent": lambda stack: _inside_gateway(stack, FILL_MEMORY),
    "gateway-error-percent": _database_stopped_under_load,
    "database-failed-connections": lambda stack: _stopped(stack, "database-server"),
    "gateway-missing-replicas": lambda stack: _stopped(stack, "compute-gateway-2"),
    "page-unhealthy-replicas": lambda stack: _paused(stack, "compute-page-1"),
    "backup-verification-failed": _broken_dump,
}
"""Cause of each alert."""


@pytest.mark.parametrize("alert", CAUSES)
def test_an_alert_fires_with_its_cause_and_ends_with_it(stack: HostStack, fast: FastPrometheus, alert: str) -> None:
    assert alert not in fast.firing()
    with CAUSES[alert](stack):
        eventually(lambda: alert in fast.firing(), FIRES_SECONDS)
    eventually(lambda: alert not in fast.firing(), 3 * ENDS_SECONDS)


def test_the_deployed_alertmanager_gets_an_alert(stack: HostStack) -> None:
    """Durations are the real ones: a stopped database is reported within two minutes."""
    alertmanager = stack.container("monitoring-alertmanager")
    with _stopped(stack, "database-server"):
        request = ["exec", alertmanager, "wget", "-qO-", "http://127.0.0.1:9093/api/v2/alerts"]
        eventually(lambda: "database-failed-connections" in docker(*request), 180)
    eventually(lambda: stack.ask("/health").status == 200, 60)
