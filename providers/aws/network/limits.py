"""What AWS cannot make of a network, and what it makes in its own way. Pure."""

from collections.abc import Iterator
from math import ceil

from providers.aws.network.cidr import cidr_fault, layout, usable_addresses
from providers.aws.network.flows import client_cidrs, client_ports, pulled_from_world, reaches_world
from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
from providers.contract.spec import Platform

COPIES_PER_REPLICA = 2
"""A deployment starts every new copy before it stops the old one."""
ADDRESSES_FOR_AWS = 10
"""Interfaces of endpoints and NAT in each zone, with some to spare."""
RULES_PER_GROUP = 60
"""Inbound rules of a security group: Amazon VPC user guide, "Amazon VPC quotas"."""


def network_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Blocks that cannot be cut, zones too few, images out of reach, more copies or ranges than there is room for."""
    return [*_cidr(spec), *_zones(spec), *_images(spec), *_clients(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Services that a way out does not serve, because nothing says that they need one."""
    region = spec.aws.region if spec.aws else ""
    closed = [name for name in spec.services if not reaches_world(spec, name, region)]
    if not closed or spec.network.egress == "none":
        return []
    served = [name for name in spec.services if name not in closed]
    given = (
        f"a way out on port 443 for {listed(served, 'and') if served else 'no service'} only "
        f"(a secret in its list opens it for {listed(closed)})"
    )
    return [legacy_adjustment("network.egress", spec.network.egress, given)]


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    cidr, zones = spec.network.cidr, spec.network.zones
    fault = cidr_fault(cidr)
    if fault:
        yield legacy_unsupported("aws", "network.cidr", cidr, f"it {fault}")
        return
    scope = usable_addresses(layout(cidr).subnet("private", 0)) - ADDRESSES_FOR_AWS
    copies = COPIES_PER_REPLICA * sum(service.replicas.max for service in spec.services.values())
    if ceil(copies / zones) > scope:
        advice = (
            f"a deployment at full scale runs {copies} copies, {ceil(copies / zones)} in each of {zones} zones, and a "
            f"private subnet has room for {scope}; use a larger block, up to /16, or lower replicas.max"
        )
        yield legacy_unsupported("aws", "network.cidr", cidr, advice)


def _zones(spec: Platform) -> Iterator[Diagnostic]:
    spread = {
        "the load balancer": bool(spec.public),
        "the database": spec.database is not None,
        "the cache with its replica": spec.cache is not None and spec.cache.high_availability,
    }
    parts = [part for part, present in spread.items() if present]
    if spec.network.zones == 1 and parts:
        advice = f"AWS wants subnets in two zones for {listed(parts, 'and')}; use 2 or more"
        yield legacy_unsupported("aws", "network.zones", 1, advice)


def _images(spec: Platform) -> Iterator[Diagnostic]:
    region = spec.aws.region if spec.aws else ""
    for name, service in spec.services.items():
        if spec.network.egress == "none" and pulled_from_world(service.image, region):
            advice = (
                f"without egress only ECR of {region} can be reached; push the image there, "
                "or set network.egress to per_zone or single"
            )
            yield legacy_unsupported("aws", f"services.{name}.image", service.image, advice)


def _clients(spec: Platform) -> Iterator[Diagnostic]:
    ranges, ports = len(client_cidrs(spec)), len(client_ports(spec))
    if ranges * ports > RULES_PER_GROUP:
        advice = (
            f"each range takes a rule for each of {ports} ports and a security group holds {RULES_PER_GROUP}; "
            f"merge them to {RULES_PER_GROUP // ports} ranges or less"
        )
        yield legacy_unsupported("aws", "ingress.allowed_cidrs", list(spec.ingress.allowed_cidrs), advice)
