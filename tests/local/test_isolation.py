"""Connections from inside each container to every address and port of every other."""

import json
import os
import socket
import subprocess
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import psutil
import pytest

from automation.images.supply import complete_update
from providers.docker.cli import PIDS_LIMIT
from providers.docker.network.flows import METADATA_ADDRESSES
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
    "router": (8404, 8443),
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
    "entry-router": "router",
    "monitoring-alertmanager": "alertmanager",
    "monitoring-container-exporter": "container-exporter",
    "monitoring-host-exporter": "host-exporter",
    "monitoring-postgres-exporter": "postgres-exporter",
    "monitoring-prometheus": "prometheus",
    "monitoring-redis-exporter": "redis-exporter",
    "monitoring-scraper": "scraper",
}
DATA = {"database:5432", "cache:6379", "store:8333", "postgres-exporter:9187", "redis-exporter:9121"}
MONITORING = {
    "alertmanager:9093", "container-exporter:8080", "host-exporter:9100", "postgres-exporter:9187", "prometheus:9090",
    "redis-exporter:9121", "router:8404",
}  # fmt: skip
REACHABLE: Mapping[str, set[str]] = {
    "gateway": {"gateway:7777", "database:5432", "cache:6379", "tools:8001", "page:8501"},
    "page": {"page:8501", "gateway:7777"},
    "tools": {"tools:8001", "gateway:7777"},
    "worker": {"database:5432", "cache:6379"},
    "database": {*DATA, "gateway:7777"},
    "cache": {*DATA, "gateway:7777"},
    "store": DATA,
    "dump": DATA,
    "courier": DATA,
    "drill": set(),
    "proxy": {"proxy:8443", "router:8404", "router:8443"},
    "router": {*MONITORING, "proxy:8443", "router:8443", "gateway:7777", "page:8501", "database:5432", "cache:6379"},
    "prometheus": MONITORING,
    "scraper": {*MONITORING, "gateway:7777", "page:8501", "tools:8001", "database:5432", "cache:6379"},
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


METADATA_PORTS = (80, 443, 8080)
METADATA_TARGETS = [*METADATA_ADDRESSES, "169.254.169.253", "169.254.1.1"]


@pytest.fixture(scope="module")
def closed_range(session_stack: HostStack) -> Iterator[None]:
    """Drop what containers with outbound access send to addresses of the stack of which this host has no route.

    It would leave the host by the default route, where the network of a test machine may accept connections to any address.
    """
    route = ["blackhole", str(session_stack.context.spec.network.cidr)]
    command = ["ip", "route", "add", *route]
    added = subprocess.run(command, capture_output=True, check=False).returncode == 0 if os.geteuid() == 0 else False
    yield
    if added:
        subprocess.run(["ip", "route", "delete", *route], check=True)


@pytest.fixture
def targets(closed_range: None, stack: HostStack) -> list[tuple[str, str, int]]:
    """Every address of every part, with every port that it listens on."""
    targets: list[tuple[str, str, int]] = []
    for container, part in PARTS.items():
        (details,) = json.loads(docker("inspect", stack.container(container)))
        addresses = [network["IPAddress"] for network in details["NetworkSettings"]["Networks"].values()]
        targets += [(part, address, port) for address in addresses if address for port in PORTS.get(part, ())]
    return targets


@pytest.fixture
def host_targets() -> Generator[list[tuple[str, str, int]]]:
    """Addresses of this host, with the port of a server that listens on all of them."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104  # what must not be reached
        port: int = server.getsockname()[1]
        interfaces = psutil.net_if_addrs().items()
        addresses = [
            (name, each.address) for name, found in interfaces for each in found if each.family is socket.AF_INET
        ]
        yield [(f"{name} {address}", address, port) for name, address in addresses if not address.startswith("127.")]


def reached(container: str, targets: list[tuple[str, str, int]]) -> set[str]:
    """Targets to which a connection from inside a container succeeds."""
    script = ("exec", "--interactive", container, "python3", "-c", CONNECT_TO_ALL)
    return set(json.loads(docker(*script, stdin=json.dumps(targets))))


def networks_of(container: str) -> list[Mapping[str, Any]]:
    """Networks of a container, as Docker describes them; none without a network."""
    (details,) = json.loads(docker("inspect", container))
    names = [name for name in details["NetworkSettings"]["Networks"] if name != "none"]
    return json.loads(docker("network", "inspect", *names)) if names else []


def test_the_table_names_every_container(stack: HostStack) -> None:
    names = docker("ps", "--format", "{{.Names}}", "--filter", f"name=^/{STACK}-").split()
    parts = {name.removeprefix(f"{STACK}-").rpartition("-")[0] for name in names}
    assert parts == {*PARTS, "compute-gateway-2", "compute-gateway-3"}


@pytest.mark.parametrize("container", PARTS)
def test_a_container_reaches_only_the_allowed_ports(
    stack: HostStack, targets: list[tuple[str, str, int]], container: str
) -> None:
    assert reached(stack.container(container), targets) == REACHABLE[PARTS[container]]


@pytest.mark.parametrize(
    "container", ["backup-courier", "backup-dump", "backup-server", "cache-server", "database-server"]
)
def test_containers_with_data_are_only_in_internal_networks(stack: HostStack, container: str) -> None:
    networks = networks_of(stack.container(container))
    assert networks
    assert {network["Internal"] for network in networks} == {True}


@pytest.mark.parametrize("container", PARTS)
def test_a_container_in_internal_networks_reaches_no_port_of_this_host(
    stack: HostStack, host_targets: list[tuple[str, str, int]], container: str
) -> None:
    assert host_targets
    identifier = stack.container(container)
    if all(network["Internal"] for network in networks_of(identifier)):
        assert reached(identifier, host_targets) == set()


@pytest.mark.parametrize("container", PARTS)
def test_no_container_reaches_a_metadata_address(stack: HostStack, container: str) -> None:
    targets = [(address, address, port) for address in METADATA_TARGETS for port in METADATA_PORTS]
    listens_there = {f"169.254.169.254:{port}" for port in PORTS.get(PARTS[container], ()) if port in METADATA_PORTS}
    own = {f"{address}:{port}" for address in METADATA_ADDRESSES for port in METADATA_PORTS if listens_there}
    assert reached(stack.container(container), targets) <= own


def test_a_metadata_address_is_unreachable_after_a_restart(stack: HostStack) -> None:
    gateway = stack.container("compute-gateway-2")
    docker("restart", "--time=10", gateway)
    assert "dev lo" in docker("exec", gateway, "ip", "route", "get", METADATA_ADDRESSES[0])


def test_the_processes_of_every_container_are_limited(stack: HostStack) -> None:
    complete_update(stack.deployment, print)
    containers = stack.containers(include_stopped=True)
    limits = docker("inspect", "--format", "{{.HostConfig.PidsLimit}}", *containers).split()
    assert set(limits) == {str(PIDS_LIMIT)}
