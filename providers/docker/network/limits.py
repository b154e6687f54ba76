"""Network settings that a Docker host refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.egress import checks_names, hosts_of
from providers.contract.existing_stores import existing_stores
from providers.contract.spec import Platform
from providers.docker.network.flows import DYNAMIC_ADDRESSES, MAX_HOSTS, PREFIX_LENGTH, block_count, networks

RESERVED_ADDRESSES = 8
"""Addresses of a service's network for entry, Prometheus, database, cache and store, with some spare."""


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A block that holds too few networks, an existing network, and more replicas or listed hosts than a network has addresses."""
    return [*_cidr(spec), *_existing(spec), *_replicas(spec), *_hosts(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Zones, egress, hosts outside, private endpoints, calls and flow logs."""
    return [*_zones(spec), *_egress(spec), *_calls(spec), *_flow_logs(spec)]


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    required, available = len(networks(spec)), block_count(spec)
    if available < required:
        yield Unsupported(
            "docker",
            "network.cidr",
            problem=(
                f"{spec.network.cidr} holds {available} networks of /{PREFIX_LENGTH}, and this platform needs {required}"
            ),
            fix="use a larger block",
        )


def _existing(spec: Platform) -> Iterator[Diagnostic]:
    if spec.network.existing is not None:
        problem = "each service has a separate network, in which others reach it on its port alone"
        yield Unsupported("docker", "network.existing", problem, "remove it, and set network.cidr to a free range")


def _replicas(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        # during an update a new replica exists beside each old one; a rollout in steps has those of the new revision too
        max_replicas = (DYNAMIC_ADDRESSES - RESERVED_ADDRESSES) // (3 if service.rollout.in_steps else 2)
        replicas = service.replicas.min
        if replicas > max_replicas:
            yield Unsupported(
                "docker",
                f"services.{name}.replicas.min",
                problem=f"{replicas} exceeds {max_replicas}, the replicas that a network has addresses for during an update",
                fix=f"use {max_replicas} or fewer",
            )


def _hosts(spec: Platform) -> Iterator[Diagnostic]:
    for name in spec.services if checks_names(spec) else ():
        hosts = {rule.host for rule in spec.services[name].egress}
        if len(hosts) > MAX_HOSTS:
            problem = f"{len(hosts)} hosts exceed {MAX_HOSTS}, the proxies that a network has fixed addresses for"
            yield Unsupported("docker", f"services.{name}.egress", problem, fix=f"list {MAX_HOSTS} or fewer")


def _zones(spec: Platform) -> Iterator[Adjustment]:
    network = spec.network
    if network.egress != "none":
        yield Adjustment(
            "network.egress",
            requested=network.egress,
            effect=Effect.ADJUSTED,
            reason=(
                "outbound connections use this host's address, as there are no zones; metadata addresses cannot be reached, "
                "but ports of this host that listen on all addresses can until its "
                f"firewall drops new connections from {network.cidr}"
            ),
        )
    yield Adjustment(
        "network.zones",
        requested=network.zones,
        effect=Effect.IGNORED,
        reason="all containers run on this host and fail together with it",
    )
    if network.private_endpoints:
        yield Adjustment(
            "network.private_endpoints",
            requested=True,
            effect=Effect.IGNORED,
            reason="no cloud services are used, and the host's Docker pulls the images",
        )


def _egress(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items() if not checks_names(spec) else ():
        if service.egress:
            reason = "its network has outbound access to every port of every host; `network.egress_control: names` closes all but these"
            yield Adjustment(f"services.{name}.egress", list(hosts_of(spec, name)), Effect.PARTIAL, reason)

    for store in existing_stores(spec) if not checks_names(spec) else ():
        reason = "the networks of its users have outbound access to every port"
        yield Adjustment(f"{store.part}.existing.port", store.server.port, Effect.PARTIAL, reason)


def _calls(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if service.calls:
            yield Adjustment(
                f"services.{name}.calls",
                requested=list(service.calls),
                effect=Effect.ADJUSTED,
                reason="caller and callee share a network, in which the callee can reach the ports of its caller too",
            )


def _flow_logs(spec: Platform) -> Iterator[Adjustment]:
    if spec.network.flow_logs:
        yield Adjustment(
            "network.flow_logs",
            requested=True,
            effect=Effect.PARTIAL,
            reason="the entry logs each request; Docker networks record no connections",
        )
