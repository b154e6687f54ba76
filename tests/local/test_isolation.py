"""Who can open a connection to whom, asked from inside each container, at every address and port of every other."""

import json
from collections.abc import Mapping

import pytest

from tests.local.machine import STACK, Machine, docker

PORTS: Mapping[str, tuple[int, ...]] = {
    "alertmanager": (9093,),
    "cache": (6379,),
    "container-exporter": (8080,),
    "database": (5432,),
    "gateway": (7777,),
    "host-exporter": (9100,),
    "page": (8501,),
    "postgres-exporter": (9187,),
    "prometheus": (9090,),
    "proxy": (8080, 8404, 8443),
    "redis-exporter": (9121,),
    "store": (8080, 8333, 8888, 9333),
    "tools": (8001,),
}
"""Where each part listens, the doors without a password of the object store among them."""
PARTS: Mapping[str, str] = {
    "backup-courier": "courier",
    "backup-drill": "drill",
    "backup-dump": "dump",
    "backup-server": "store",
    "cache-server": "cache",
    "compute-gateway-1": "gateway",
    "compute-page-1": "page",
    "compute-tools-1": "tools",
    "compute-worker-1": "worker",
    "database-server": "database",
    "entry-proxy": "proxy",
    "monitoring-alertmanager": "alertmanager",
    "monitoring-container-exporter": "container-exporter",
    "monitoring-host-exporter": "host-exporter",
    "monitoring-postgres-exporter": "postgres-exporter",
    "monitoring-prometheus": "prometheus",
    "monitoring-redis-exporter": "redis-exporter",
}
DATA = {"database:5432", "cache:6379", "store:8333", "postgres-exporter:9187", "redis-exporter:9121"}
WATCHED = {
    "alertmanager:9093", "container-exporter:8080", "host-exporter:9100", "postgres-exporter:9187", "prometheus:9090",
    "proxy:8404", "proxy:8443", "redis-exporter:9121",
}  # fmt: skip
REACHED: Mapping[str, set[str]] = {
    "gateway": {"gateway:7777", "database:5432", "cache:6379", "tools:8001", "page:8501", "proxy:8443"},
    "page": {"page:8501", "gateway:7777", "proxy:8443"},
    "tools": {"tools:8001", "gateway:7777"},
    "worker": {"database:5432", "cache:6379"},
    "database": {*DATA, "gateway:7777", "proxy:8443"},
    "cache": {*DATA, "gateway:7777", "proxy:8443"},
    "store": DATA,
    "dump": DATA,
    "courier": DATA,
    "drill": set(),
    "proxy": {*WATCHED, "gateway:7777", "page:8501", "database:5432", "cache:6379"},
    "prometheus": {*WATCHED, "gateway:7777", "page:8501", "tools:8001", "database:5432", "cache:6379"},
    "alertmanager": WATCHED,
    "container-exporter": WATCHED,
    "host-exporter": WATCHED,
    "postgres-exporter": WATCHED | DATA,
    "redis-exporter": WATCHED | DATA,
}
"""What each part reaches; a call's network leads both ways, and who uses a part stands beside it."""
KNOCK = """
import concurrent.futures, json, socket, sys

def reached(target):
    name, address, port = target
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return None
    return f"{name}:{port}"

with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print(json.dumps(sorted({name for name in pool.map(reached, json.load(sys.stdin)) if name})))
"""


@pytest.fixture
def targets(machine: Machine) -> list[tuple[str, str, int]]:
    """Every address of every part, with every port that it listens on anywhere."""
    found: list[tuple[str, str, int]] = []
    for container, part in PARTS.items():
        (told,) = json.loads(docker("inspect", machine.container(container)))
        addresses = [network["IPAddress"] for network in told["NetworkSettings"]["Networks"].values()]
        found += [(part, address, port) for address in addresses if address for port in PORTS.get(part, ())]
    return found


def test_the_table_names_every_container(machine: Machine) -> None:
    names = docker("ps", "--format", "{{.Names}}", "--filter", f"name=^/{STACK}-").split()
    parts = {name.removeprefix(f"{STACK}-").rpartition("-")[0] for name in names}
    assert parts == {*PARTS, "compute-gateway-2", "compute-gateway-3"}


@pytest.mark.parametrize("container", PARTS)
def test_what_a_container_must_not_reach_it_cannot_reach(
    machine: Machine, targets: list[tuple[str, str, int]], container: str
) -> None:
    asked = docker(
        "exec", "--interactive", machine.container(container), "python3", "-c", KNOCK, given=json.dumps(targets)
    )
    assert set(json.loads(asked)) == REACHED[PARTS[container]]


@pytest.mark.parametrize(
    "container", ["backup-courier", "backup-dump", "backup-server", "cache-server", "database-server"]
)
def test_who_keeps_data_stands_only_in_networks_that_lead_nowhere(machine: Machine, container: str) -> None:
    (told,) = json.loads(docker("inspect", machine.container(container)))
    networks = json.loads(docker("network", "inspect", *told["NetworkSettings"]["Networks"]))
    assert networks
    assert {network["Internal"] for network in networks} == {True}
