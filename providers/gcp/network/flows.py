"""Connections that the firewall allows. Pure.

Every other connection is denied. Services reach Google APIs, and each other, through one private address block. They
reach the internet on port 443 only if they list secrets, which may be keys of external APIs, or if Google APIs have no
private endpoints, and on the ports of the hosts under `services.<name>.egress`; with `network.egress_control: names`
secrets open no port, and `name_policy.py` checks the hosts; with `network.egress: none` no service does.
Cloud Run pulls images outside this network.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.egress import HTTPS_PORT as HTTPS_PORT
from providers.contract.egress import checks_names, other_ports, outside_ports
from providers.contract.spec import Platform

DATABASE_PORT = 5432
CACHE_PORT = 6378
"""Port of Memorystore with TLS."""
GOOGLE_APIS = "199.36.153.8/30"
"""private.googleapis.com: VPC documentation, "Private Google Access", domain options."""
GOOGLE_API_ADDRESSES = ("199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11")
INTERNET = "0.0.0.0/0"


@dataclass(frozen=True)
class GcpFlow:
    """Allowed connections of services to a range on one TCP port; `part` is its logical name part."""

    part: str
    services: tuple[str, ...]
    destination: str | None
    """Range in CIDR notation; None for that of database and cache, which an existing network decides."""
    port: int


def flows(spec: Platform) -> Iterator[GcpFlow]:
    """Every allowed connection of the services."""
    yield from _flow("database", spec.users_of("database"), None, DATABASE_PORT)
    for cache in spec.all_caches:
        yield from _flow(cache.part, cache.users, None, CACHE_PORT)
    if spec.network.private_endpoints:
        yield from _flow("google", tuple(spec.services), GOOGLE_APIS, HTTPS_PORT)
    for port in (HTTPS_PORT, *other_ports(spec)):
        # one rule for each port, so that a port that is added or removed changes no other
        part = "world" if port == HTTPS_PORT else f"world-{port}"
        allowed = tuple(name for name in spec.services if port in internet_ports(spec, name))
        yield from _flow(part, allowed, INTERNET, port)


def internet_ports(spec: Platform, name: str) -> tuple[int, ...]:
    """Ports on which the service may connect to any address; see the module docstring."""
    keys = bool(spec.external_secrets(name)) and not checks_names(spec)
    is_needed = keys or not spec.network.private_endpoints
    return outside_ports(spec, name, https=spec.network.egress != "none" and is_needed)


def _flow(part: str, services: tuple[str, ...], destination: str | None, port: int) -> Iterator[GcpFlow]:
    if services:
        yield GcpFlow(part, services, destination, port)
