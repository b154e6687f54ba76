"""What Azure cannot make of a network, and what it makes in its own way. Pure."""

from collections.abc import Iterator

from providers.azure.base.locations import ZONES
from providers.azure.network.cidr import cidr_fault, layout, most_replicas
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Blocks that cannot be cut, more copies than there is room for, a private platform without private links."""
    return [*_cidr(spec), *_links(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Zones that come by three, a way out that is one, and doors that stay open without private endpoints."""
    return [*_zones(spec), *_egress(spec), *_open_doors(spec)]


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    cidr = spec.network.cidr
    fault = cidr_fault(cidr)
    if fault:
        yield legacy_unsupported("azure", "network.cidr", cidr, f"it {fault}")
        return
    scope = most_replicas(layout(cidr).apps)
    copies = sum(service.replicas.max for service in spec.services.values())
    if copies > scope:
        advice = (
            f"the services may run {copies} copies, twice as many during a rollout, and the apps' subnet "
            f"{layout(cidr).apps} has room for {scope}; use a larger block or lower replicas.max"
        )
        yield legacy_unsupported("azure", "network.cidr", cidr, advice)


def _links(spec: Platform) -> Iterator[Diagnostic]:
    if spec.profile == "production" and not spec.network.private_endpoints:
        advice = (
            "production closes the public addresses of vault, registry, cache, storage and models, "
            "and only private endpoints lead to them; use true"
        )
        yield legacy_unsupported("azure", "network.private_endpoints", False, advice)


def _zones(spec: Platform) -> Iterator[Adjustment]:
    zones = spec.network.zones
    if 1 < zones < len(ZONES):
        given = f"all {len(ZONES)} zones of the location, over which its services spread by themselves"
        yield legacy_adjustment("network.zones", zones, given)


def _egress(spec: Platform) -> Iterator[Adjustment]:
    if spec.network.egress == "per_zone" and spec.network.zones > 1:
        given = (
            f"one NAT gateway, in zone {ZONES[0]}: the apps of all zones share one subnet, a subnet takes one gateway "
            "and a gateway stands in one zone"
        )
        yield legacy_adjustment("network.egress", "per_zone", given)


def _open_doors(spec: Platform) -> Iterator[Adjustment]:
    if spec.profile == "production" or spec.network.private_endpoints:
        return
    given = "service endpoints: vault, storage and models answer the apps' subnet alone"
    doors = "registry" if spec.cache is None else "registry and cache"
    yield legacy_adjustment(
        "network.private_endpoints", False, f"{given}; {doors} answer anyone who has the right or the key"
    )
