"""Docker networks of the platform, and which containers are attached to each. Pure.

Each service has an internal network, which the parts that it uses and the parts that call it (entry, Prometheus) join,
and, unless `network.egress` is none, a second network with outbound access. Each entry of `calls` is a network of caller
and callee only. No two services share any other network, so a service reaches only what it uses or calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.spec import Platform

DATA, MONITORING, ENTRY, DASHBOARD, ALERTING = "data", "monitoring", "entry", "dashboard", "alerting"


@dataclass(frozen=True)
class NetworkPlan:
    """Network by its logical name part; an `internal` one has no outbound access."""

    part: str
    internal: bool


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
    if spec.database is not None or spec.cache is not None or spec.storage is not None:
        yield NetworkPlan(DATA, internal=True)
    if spec.public:
        yield NetworkPlan(ENTRY, internal=False)
    if spec.monitoring.dashboards:
        yield NetworkPlan(DASHBOARD, internal=False)
    for name, service in spec.services.items():
        yield NetworkPlan(internal_network(name), internal=True)
        if spec.network.egress != "none":
            yield NetworkPlan(egress_network(name), internal=False)
        for callee in service.calls:
            yield NetworkPlan(call_network(name, callee), internal=True)


def service_networks(spec: Platform, service: str) -> tuple[str, ...]:
    """Networks of a service's replicas: its own, those of its calls and those of its callers."""
    parts = {network.part for network in networks(spec)}
    own = [part for part in (internal_network(service), egress_network(service)) if part in parts]
    calls = [call_network(service, callee) for callee in spec.services[service].calls]
    return (*own, *calls, *(call_network(caller, service) for caller in spec.callers_of(service)))
