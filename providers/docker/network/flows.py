"""Docker networks of the platform, the containers attached to each, and their address blocks. Pure.

Each service has an internal network, which the parts that it uses and the parts that call it (entry, Prometheus) join,
and, unless `network.egress` is none, a second network with outbound access. With `network.egress_control: names` only the
proxies of the listed hosts have that (`host_proxies.py`). Each entry of `calls` is a network of caller and callee only. No
two services share any other network, so a service reaches only what it uses or calls.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network

from providers.contract.context import RegionContext
from providers.contract.egress import checks_names, listed_hosts
from providers.contract.spec import Platform
from providers.docker.monitoring.limits import has_log_store

DATA, MONITORING, ENTRY, DASHBOARD, ALERTING = "data", "monitoring", "entry", "dashboard", "alerting"
LOGS = "logs"
"""Network in which the host reaches the log store, and which has no other container and no outbound access."""
HOSTS = "hosts"
"""Network through which the proxies of listed hosts have outbound access."""
PREFIX_LENGTH = 25
"""Prefix length of a network's block: 126 addresses, of which Docker assigns the upper half."""
DYNAMIC_ADDRESSES = 62
GATEWAY_OFFSET, PROMETHEUS_OFFSET, TEMPO_OFFSET, PROXY_OFFSET = 1, 2, 3, 2
LOG_QUERY_OFFSET, LOGS_OFFSET = 4, 2
"""Fixed addresses of the gateway, of Prometheus, Tempo and the log store in the monitoring network, of the entry's port in its
network, and of the log store in the network of the host."""
FIRST_HOST_OFFSET, MAX_HOSTS = 8, 48
"""Offset of the first proxy of a listed host in the network of a service, and the number that the fixed half has room for."""
METADATA_ADDRESSES = ("169.254.169.254", "169.254.170.2", "169.254.170.23")
"""Metadata of virtual machines, and credentials of tasks on ECS and of pods on EKS
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). A container with outbound access has
them as its own addresses: they lead to itself, and Docker's prefix length of 16 makes the rest of 169.254.0.0/16 an address
range of its network, where no host answers. Those of IPv6, such as fd00:ec2::254, have no route."""


@dataclass(frozen=True)
class NetworkPlan:
    """Network by its logical name part; an `internal` one has no outbound access.

    One that is `open_to_host` has none either, but an address of the host, which is not forwarded further.
    """

    part: str
    internal: bool
    open_to_host: bool = False


def internal_network(service: str) -> str:
    """Network of a service and the parts that it uses, without outbound access."""
    return f"{service}-inside"


def egress_network(service: str) -> str:
    """Network that gives a service outbound access."""
    return f"{service}-outside"


def call_network(caller: str, callee: str) -> str:
    """Network of one entry of `calls`."""
    return f"{caller}-calls-{callee}"


def networks(spec: Platform) -> tuple[NetworkPlan, ...]:
    """Every network of the platform."""
    return tuple(_networks(spec))


def _networks(spec: Platform) -> Iterator[NetworkPlan]:
    yield NetworkPlan(MONITORING, internal=True)
    yield NetworkPlan(ALERTING, internal=False)
    if spec.database is not None or spec.all_caches or spec.storage is not None:
        yield NetworkPlan(DATA, internal=True)
    if spec.public:
        yield NetworkPlan(ENTRY, internal=False)
    if spec.monitoring.dashboards:
        yield NetworkPlan(DASHBOARD, internal=False)
    if has_log_store(spec):
        yield NetworkPlan(LOGS, internal=False, open_to_host=True)
    if checks_names(spec) and listed_hosts(spec):
        yield NetworkPlan(HOSTS, internal=False)
    for name, service in spec.services.items():
        yield NetworkPlan(internal_network(name), internal=True)
        if spec.network.egress != "none" and not checks_names(spec):
            yield NetworkPlan(egress_network(name), internal=False)
        for callee in service.calls:
            yield NetworkPlan(call_network(name, callee), internal=True)


def has_outbound_access(spec: Platform, part: str) -> bool:
    """True for a network that is not internal."""
    return any(network.part == part and not network.internal for network in networks(spec))


def service_networks(spec: Platform, service: str) -> tuple[str, ...]:
    """Networks of a service's replicas: its own, those of its calls and those of its callers."""
    parts = {network.part for network in networks(spec)}
    own = [part for part in (internal_network(service), egress_network(service)) if part in parts]
    calls = [call_network(service, callee) for callee in spec.services[service].calls]
    return (*own, *calls, *(call_network(caller, service) for caller in spec.callers_of(service)))


def block_count(spec: Platform) -> int:
    """Number of blocks that `network.cidr` holds."""
    bits = PREFIX_LENGTH - IPv4Network(spec.network.cidr).prefixlen
    return 2**bits if bits >= 0 else 0


def subnets(spec: Platform) -> Mapping[str, IPv4Network]:
    """Block of each network by its part.

    The index of a block is a hash of the network's name, and only a collision moves it to the next free one. A new
    service therefore does not change the blocks of the others.
    """
    blocks = block_count(spec)
    parts: dict[int, str] = {}
    for network in networks(spec):
        start = int(sha256(network.part.encode()).hexdigest()[:8], 16) % blocks
        index = next(index for index in (*range(start, blocks), *range(start)) if index not in parts)
        parts[index] = network.part
    first_address = int(IPv4Network(spec.network.cidr).network_address)
    size = 2 ** (32 - PREFIX_LENGTH)
    return {part: IPv4Network((first_address + index * size, PREFIX_LENGTH)) for index, part in parts.items()}


def dynamic_range(block: IPv4Network) -> IPv4Network:
    """Upper half of a block, from which Docker assigns addresses; the lower half is for fixed ones."""
    return list(block.subnets())[1]


def gateway_address(block: IPv4Network) -> str:
    """First address of a block, at which a network's containers reach the host."""
    return str(block[GATEWAY_OFFSET])


def prometheus_address(context: RegionContext) -> str:
    """Address at which Prometheus listens, in the monitoring network only."""
    return str(subnets(context.spec)[MONITORING][PROMETHEUS_OFFSET])


def tempo_address(context: RegionContext) -> str:
    """Address at which Tempo answers queries, in the monitoring network only."""
    return str(subnets(context.spec)[MONITORING][TEMPO_OFFSET])


def log_query_address(context: RegionContext) -> str:
    """Address at which the log store answers queries, in the monitoring network only."""
    return str(subnets(context.spec)[MONITORING][LOG_QUERY_OFFSET])


def logs_address(context: RegionContext) -> str:
    """Address at which the log store takes the lines that Docker's daemon sends."""
    return str(subnets(context.spec)[LOGS][LOGS_OFFSET])


def proxy_address(context: RegionContext) -> str:
    """Address of the container that publishes the entry's port, in the network of the entry."""
    return str(subnets(context.spec)[ENTRY][PROXY_OFFSET])


def hosts_of_service(spec: Platform, service: str) -> Mapping[str, str]:
    """Address of the proxy of each host that a service lists, by the host; empty unless names are checked."""
    if not checks_names(spec):
        return {}
    block = subnets(spec)[internal_network(service)]
    # in the order of the file, so that a host at its end changes no other address
    hosts = dict.fromkeys(rule.host for rule in spec.services[service].egress)
    return {host: str(block[FIRST_HOST_OFFSET + index]) for index, host in enumerate(hosts)}


def host_address(spec: Platform, service: str, host: str) -> str:
    """Address of the proxy of a host in the network of a service that lists it."""
    return hosts_of_service(spec, service)[host]
