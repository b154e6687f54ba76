"""Connections from inside each container to every address and port of every other."""

import json
from collections.abc import Mapping

import pytest

from tests.local.host_stack import STACK, HostStack, docker

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
"""Ports of each part, including the interfaces of the object store without authentication."""
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
MONITORING = {
    "alertmanager:9093", "container-exporter:8080", "host-exporter:9100", "postgres-exporter:9187", "prometheus:9090",
    "proxy:8404", "proxy:8443", "redis-exporter:9121",
}  # fmt: skip
REACHABLE: Mapping[str, set[str]] = {
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
    "proxy": {*MONITORING, "gateway:7777", "page:8501", "database:5432", "cache:6379"},
    "prometheus": {*MONITORING, "gateway:7777", "page:8501", "tools:8001", "database:5432", "cache:6379"},
    "alertmanager": MONITORING,
    "container-exporter": MONITORING,
    "host-exporter": MONITORING,
    "postgres-exporter": MONITORING | DATA,
    "redis-exporter": MONITORING | DATA,
}
"""Ports that each part reaches; caller and callee reach each other, and users of a part share its network."""
CONNECT_TO_ALL = """
import concurrent.futures, json, socket, sys

def connect(target):
    name, address, port = target
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return None
    return f"{name}:{port}"

with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print(json.dumps(sorted({name for name in pool.map(connect, json.load(sys.stdin)) if name})))
"""


@pytest.fixture
def targets(stack: HostStack) -> list[tuple[str, str, int]]:
    """Every address of every part, with every port that it listens on."""
    targets: list[tuple[str, str, int]] = []
    for container, part in PARTS.items():
        (details,) = json.loads(docker("inspect", stack.container(container)))
        addresses = [network["IPAddress"] for network in details["NetworkSettings"]["Networks"].values()]
        targets += [(part, address, port) for address in addresses if address for port in PORTS.get(part, ())]
    return targets


def test_the_table_names_every_container(stack: HostStack) -> None:
    names = docker("ps", "--format", "{{.Names}}", "--filter", f"name=^/{STACK}-").split()
    parts = {name.removeprefix(f"{STACK}-").rpartition("-")[0] for name in names}
    assert parts == {*PARTS, "compute-gateway-2", "compute-gateway-3"}


@pytest.mark.parametrize("container", PARTS)
def test_a_container_reaches_only_the_allowed_ports(
    stack: HostStack, targets: list[tuple[str, str, int]], container: str
) -> None:
    output = docker(
        "exec",
        "--interactive",
        stack.container(container),
        "python3",
        "-c",
        CONNECT_TO_ALL,
        stdin=json.dumps(targets),
    )
    assert set(json.loads(output)) == REACHABLE[PARTS[container]]


@pytest.mark.parametrize(
    "container", ["backup-courier", "backup-dump", "backup-server", "cache-server", "database-server"]
)
def test_containers_with_data_are_only_in_internal_networks(stack: HostStack, container: str) -> None:
    (details,) = json.loads(docker("inspect", stack.container(container)))
    networks = json.loads(docker("network", "inspect", *details["NetworkSettings"]["Networks"]))
    assert networks
    assert {network["Internal"] for network in networks} == {True}
