"""Settings of the network that Azure refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.azure.base.limits import ZONES
from providers.azure.network.cidr import address_plan, cidr_fault, max_replicas
from providers.azure.network.existing_limits import existing_adjustments, existing_network, existing_refusals
from providers.azure.network.flows import HTTPS_PORT
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.egress import checks_names, hosts_of, listed_ports, open_port_adjustments, services_by_port
from providers.contract.spec import Platform


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Blocks that cannot be divided, more replicas than addresses, production without private endpoints."""
    return [
        *(_refused_cidr(spec) if existing_network(spec) is None else existing_refusals(spec)),
        *_refused_public_access(spec),
        *(_refused_own_ports(spec) if existing_network(spec) is None else ()),
        *_refused_names(spec),
    ]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """A different number of zones or NAT gateways, closed ports, and public access without private endpoints."""
    return [
        *_adjusted_zones(spec),
        *(_adjusted_egress(spec) if existing_network(spec) is None else existing_adjustments(spec)),
        *open_port_adjustments(spec),
        *_adjusted_names(spec),
        *_unused_watcher(spec),
        *_adjusted_public_access(spec),
    ]


def _refused_cidr(spec: Platform) -> Iterator[Diagnostic]:
    cidr = spec.network.cidr
    fault = cidr_fault(cidr)
    if fault is not None:
        problem, fix = fault
        yield Unsupported("azure", "network.cidr", f"{cidr} {problem}", fix)
        return
    subnet = address_plan(cidr).apps
    replicas = sum(service.replicas.max for service in spec.services.values())
    if replicas > max_replicas(subnet):
        yield Unsupported(
            "azure",
            "network.cidr",
            problem=(
                f"the apps' subnet {subnet} has addresses for {max_replicas(subnet)} replicas during a rollout and the "
                f"services may run {replicas}"
            ),
            fix="use a larger block or lower replicas.max",
        )


def _refused_public_access(spec: Platform) -> Iterator[Diagnostic]:
    if spec.profile == "production" and not spec.network.private_endpoints:
        yield Unsupported(
            "azure",
            "network.private_endpoints",
            problem=(
                "production disables public access to vault, registry, cache, storage and models, which are then "
                "reachable through private endpoints only"
            ),
            fix="set it to true",
        )


def _refused_own_ports(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse a port of one service alone: a security group of the subnet opens it for every app."""
    for name in spec.services:
        missing = {
            port: users[0]
            for port, users in services_by_port(spec).items()
            if port != HTTPS_PORT and port not in listed_ports(spec, name)
        }
        if missing and not checks_names(spec):
            ports, others = listed(missing, "and"), listed(dict.fromkeys(missing.values()), "and")
            problem = f"apps share one subnet, whose rules would open TCP {ports} of {others} for {name} too"
            fix = f"list the hosts under services.{name}.egress as well, or give {others} a stack of its own"
            yield Unsupported("azure", f"services.{name}.egress", problem, fix)


def _refused_names(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse names of one service alone, and names beside services of Azure with public addresses."""
    if not checks_names(spec):
        return
    if not spec.network.private_endpoints:
        problem = "names needs private endpoints; the public names of registry and cache would have to be listed"
        yield Unsupported("azure", "network.egress_control", problem, "set network.private_endpoints to true")
    first = next(iter(spec.services), "")
    for name in spec.services:
        if set(hosts_of(spec, name)) != set(hosts_of(spec, first)):
            problem = (
                f"apps share one subnet, whose firewall would let {name} reach the hosts of {first} too, or the reverse"
            )
            fix = f"list the same hosts under services.{name}.egress, or give {name} a stack of its own"
            yield Unsupported("azure", f"services.{name}.egress", problem, fix)


def _adjusted_names(spec: Platform) -> Iterator[Adjustment]:
    if checks_names(spec):
        reason = (
            "Azure Firewall compares the name in the TLS handshake on port 443; on other ports it allows the addresses that "
            "the name resolves to"
        )
        yield Adjustment("network.egress_control", "names", Effect.PARTIAL, reason)


def _adjusted_zones(spec: Platform) -> Iterator[Adjustment]:
    zones = spec.network.zones
    if 1 < zones < len(ZONES):
        reason = f"{len(ZONES)} zones; zone-redundant services use all zones of a location"
        yield Adjustment("network.zones", zones, Effect.ADJUSTED, reason)


def _adjusted_egress(spec: Platform) -> Iterator[Adjustment]:
    """A single gateway, and outbound connections that the security group of the apps drops."""
    egress = spec.network.egress
    if egress == "none":
        return
    ports = (
        "the security group allows TCP port 443; connections to other ports, such as 5432 or 587, are dropped unless "
        "`services.<name>.egress` lists a host"
    )
    if egress == "per_zone" and spec.network.zones > 1:
        reason = (
            f"one NAT gateway, in zone {ZONES[0]}; the apps of all zones share one subnet, which has one gateway, and a "
            f"gateway is in one zone; {ports}"
        )
        yield Adjustment("network.egress", egress, Effect.ADJUSTED, reason)
    else:
        yield Adjustment("network.egress", egress, Effect.PARTIAL, ports)


def _unused_watcher(spec: Platform) -> Iterator[Adjustment]:
    watcher = spec.azure.network_watcher if spec.azure else None
    if watcher is not None and not spec.network.flow_logs:
        reason = "only flow logs use it, and network.flow_logs is false"
        yield Adjustment("azure.network_watcher", watcher, Effect.IGNORED, reason)


def _adjusted_public_access(spec: Platform) -> Iterator[Adjustment]:
    if spec.profile == "production" or spec.network.private_endpoints:
        return
    public = "registry and caches are" if spec.caches else "registry and cache are" if spec.cache else "the registry is"
    reason = (
        "vault, storage and models accept the apps' subnet only (service endpoints); "
        f"{public} reachable from the internet with a role or a key"
    )
    yield Adjustment("network.private_endpoints", False, Effect.PARTIAL, reason)
