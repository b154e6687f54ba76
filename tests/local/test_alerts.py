"""Each kind of rule, with its cause made for real: the alert fires, and is over when the cause is."""

import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.local.hurried import Hurried, hurried
from tests.local.load import load
from tests.local.machine import Machine, docker
from tests.local.waiting import eventually

FIRES_SECONDS, ENDS_SECONDS = 90, 120
BURN = """
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
"""Questions that are dear to read keep the one copy of `tools` at the half CPU that it has."""
SWELL = """
import socket, time
connection = socket.create_connection(("tools", 8001))
head = b"POST /calculate HTTP/1.1\\r\\nHost: tools\\r\\nContent-Type: application/json\\r\\nContent-Length: 900000000\\r\\n\\r\\n"
connection.sendall(head)
for _ in range(412):
    connection.sendall(b" " * 1_000_000)
    time.sleep(0.02)
time.sleep(600)
"""
"""A body that never ends, which `tools` keeps in memory."""
Cause = Callable[[Machine], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def watching(standing: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hurried]:
    eventually(lambda: standing.ask("/health").status == 200, 60)
    folder = tmp_path_factory.mktemp("hurried")
    with hurried(standing, folder) as found:
        eventually(found.watches, 60)
        yield found


def test_nothing_is_told_of_a_machine_that_is_well(machine: Machine, watching: Hurried) -> None:
    eventually(lambda: not watching.firing(), ENDS_SECONDS)
    time.sleep(30)
    assert not watching.firing()


@contextmanager
def _inside_gateway(machine: Machine, script: str) -> Generator[None]:
    container = machine.copies("gateway")[0]
    process = subprocess.Popen(["docker", "exec", "--interactive", container, "python3", "-c", script])
    try:
        yield
    finally:
        process.kill()
        # the process inside outlives the command that began it, and memory is given back with the process alone
        docker("restart", "--time=2", container, machine.container("compute-tools-1"))


@contextmanager
def _stopped(machine: Machine, part: str) -> Generator[None]:
    container = machine.container(part)
    docker("stop", "--time=10", container)
    try:
        yield
    finally:
        docker("start", container)


@contextmanager
def _paused(machine: Machine, part: str) -> Generator[None]:
    container = machine.container(part)
    docker("pause", container)
    try:
        yield
    finally:
        docker("unpause", container)


@contextmanager
def _database_stopped_under_load(machine: Machine) -> Generator[None]:
    with load(machine, 10, lambda number: ("/notes", {"text": f"note {number}"})), _stopped(machine, "database-server"):
        yield


@contextmanager
def _broken_dump(machine: Machine) -> Generator[None]:
    courier = machine.container("backup-courier")
    broken = (
        "echo broken > /exchange/.in.part && echo broken > /exchange/in.name && mv /exchange/.in.part /exchange/in.dump"
    )
    docker("exec", courier, "sh", "-c", broken)
    try:
        yield
    finally:
        docker("exec", machine.container("backup-dump"), "sh", "/etc/agent-platform/dump.sh", "now")


CAUSES: Mapping[str, Cause] = {
    "tools-cpu-percent": lambda machine: _inside_gateway(machine, BURN),
    "tools-memory-percent": lambda machine: _inside_gateway(machine, SWELL),
    "gateway-error-percent": _database_stopped_under_load,
    "database-failed-connections": lambda machine: _stopped(machine, "database-server"),
    "gateway-missing-replicas": lambda machine: _stopped(machine, "compute-gateway-2"),
    "page-unhealthy-replicas": lambda machine: _paused(machine, "compute-page-1"),
    "backup-verification-failed": _broken_dump,
}
"""What makes each kind of alert fire."""


@pytest.mark.parametrize("alert", CAUSES)
def test_an_alert_fires_with_its_cause_and_ends_with_it(machine: Machine, watching: Hurried, alert: str) -> None:
    assert alert not in watching.firing()
    with CAUSES[alert](machine):
        eventually(lambda: alert in watching.firing(), FIRES_SECONDS)
    eventually(lambda: alert not in watching.firing(), 3 * ENDS_SECONDS)


def test_the_machines_own_alertmanager_hears_of_it(machine: Machine) -> None:
    """With the times as they are: a copy of the database's exporter that finds none is told within two minutes."""
    told = machine.container("monitoring-alertmanager")
    with _stopped(machine, "database-server"):
        asked = ["exec", told, "wget", "-qO-", "http://127.0.0.1:9093/api/v2/alerts"]
        eventually(lambda: "database-failed-connections" in docker(*asked), 180)
    eventually(lambda: machine.ask("/health").status == 200, 60)
