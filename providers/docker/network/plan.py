"""Which networks there are, who stands in each, and the addresses they get. Pure.

A service has a network of its own that leads nowhere, where the parts that it uses and those that ask of it (entry,
Prometheus) join it; a second one leads out, where egress allows. A call has a network of caller and callee alone. No
two services share any other network, so what is neither used nor called cannot be reached.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

from providers.contract.context import RegionContext
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform

PREFIX = 25
"""Bits of a network's block: 126 addresses, of which Docker hands out the upper half."""
DYNAMIC = 62
SPARE = 8
"""Addresses beside those of a service's copies: entry, Prometheus, database, cache, store and what comes."""
DATA, MONITORING, ENTRY, DASHBOARD, ALERTING = "data", "monitoring", "entry", "dashboard", "alerting"
PROMETHEUS_OFFSET, PROXY_OFFSET = 2, 3
"""Fixed addresses in the network of monitoring: both listen there alone, which needs a known address."""


@dataclass(frozen=True)
class Net:
    """A network by its logical name part; `internal` says that nothing leads out of it."""

    part: str
    internal: bool


def inside(service: str) -> str:
    """Network of a service and of what it uses; it leads nowhere."""
    return f"{service}-inside"


def outside(service: str) -> str:
    """Network by which a service reaches the internet."""
    return f"{service}-outside"


def call(caller: str, callee: str) -> str:
    """Network of one call."""
    return f"{caller}-calls-{callee}"


def nets(spec: Platform) -> tuple[Net, ...]:
    """Every network of the platform."""
    return tuple(_nets(spec))


def _nets(spec: Platform) -> Iterator[Net]:
    yield Net(MONITORING, internal=True)
    yield Net(ALERTING, internal=False)
    if spec.database is not None or spec.cache is not None or spec.storage is not None:
        yield Net(DATA, internal=True)
    if spec.public:
        yield Net(ENTRY, internal=False)
    if spec.monitoring.dashboards:
        yield Net(DASHBOARD, internal=False)
    for name, service in spec.services.items():
        yield Net(inside(name), internal=True)
        if spec.network.egress != "none":
            yield Net(outside(name), internal=False)
        for callee in service.calls:
            yield Net(call(name, callee), internal=True)


def service_nets(spec: Platform, service: str) -> tuple[str, ...]:
    """Networks that the copies of a service stand in: its own, those of its calls and of its callers."""
    made = {net.part for net in nets(spec)}
    own = [part for part in (inside(service), outside(service)) if part in made]
    calls = [call(service, callee) for callee in spec.services[service].calls]
    return (*own, *calls, *(call(caller, service) for caller in spec.callers_of(service)))


def subnets(spec: Platform) -> Mapping[str, IPv4Network]:
    """A block for each network, cut from `network.cidr`.

    A network's place follows from its name, and only one that finds it taken moves on: a new service leaves the blocks
    of the others alone.
    """
    blocks = _blocks(spec)
    taken: dict[int, str] = {}
    for net in nets(spec):
        start = int(sha256(net.part.encode()).hexdigest()[:8], 16) % blocks
        place = next(at for at in (*range(start, blocks), *range(start)) if at not in taken)
        taken[place] = net.part
    whole = IPv4Network(spec.network.cidr)
    size = 2 ** (32 - PREFIX)
    return {part: IPv4Network((int(whole.network_address) + place * size, PREFIX)) for place, part in taken.items()}


def dynamic_range(block: IPv4Network) -> IPv4Network:
    """The half of a block that Docker hands out by itself; the other is for fixed addresses."""
    return list(block.subnets())[1]


def fixed(spec: Platform, offset: int) -> IPv4Address:
    """A fixed address in the network of monitoring."""
    return subnets(spec)[MONITORING][offset]


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A block that holds too few networks, and more copies than a network has addresses."""
    return [*_cidr(spec), *_crowded(spec)]


def _blocks(spec: Platform) -> int:
    bits = PREFIX - IPv4Network(spec.network.cidr).prefixlen
    return 2**bits if bits >= 0 else 0


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    needed, held = len(nets(spec)), _blocks(spec)
    if held < needed:
        advice = f"it holds {held} networks of /{PREFIX} and this platform needs {needed}; use a larger block"
        yield legacy_unsupported("docker", "network.cidr", spec.network.cidr, advice)


def _crowded(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        most = (DYNAMIC - SPARE) // 2
        if service.replicas.min > most:
            advice = (
                f"a network has addresses for {most} copies and as many new ones beside them; ask for {most} or fewer"
            )
            yield legacy_unsupported("docker", f"services.{name}.replicas.min", service.replicas.min, advice)


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """What a network of one machine has no notion of."""
    return list(_adjustments(spec))


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    network = spec.network
    given = "this machine, whatever the number: what stands on it falls together"
    yield legacy_adjustment("network.zones", network.zones, given)
    if network.egress == "per_zone":
        yield legacy_adjustment("network.egress", network.egress, "one way out, by this machine's own address")
    if network.private_endpoints:
        given = "nothing: no cloud's services are used, and images come from where the machine's Docker finds them"
        yield legacy_adjustment("network.private_endpoints", True, given)
    for name, service in spec.services.items():
        if service.calls:
            given = "a network of both, which leads both ways: whoever is called can reach the ports of its caller too"
            yield legacy_adjustment(f"services.{name}.calls", list(service.calls), given)
    if network.flow_logs:
        given = "the entry's line for each request: Docker's networks record no connections"
        yield legacy_adjustment("network.flow_logs", True, given)


def prometheus_address(context: RegionContext) -> str:
    """Where Prometheus listens, in the network of monitoring and in no other."""
    return str(fixed(context.spec, PROMETHEUS_OFFSET))


def proxy_address(context: RegionContext) -> str:
    """Where the entry shows its metrics, in the network of monitoring and in no other."""
    return str(fixed(context.spec, PROXY_OFFSET))
