"""Who may connect to whom, as the firewall knows it. Pure.

Everything that is not listed here is refused. Services reach Google's own services, other services of the platform
included, under the one private address block that answers for all of them. They reach the world on port 443 only when
something tells that they must: they list secrets (a key to someone else's API), or Google's services have no private
endpoints. With `egress: none` no service does. Images are pulled by Cloud Run itself, outside this network.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.spec import Platform
from providers.gcp.network.cidr import layout

DATABASE_PORT = 5432
CACHE_PORT = 6378
"""Memorystore's port for TLS."""
HTTPS_PORT = 443
GOOGLE = "199.36.153.8/30"
"""private.googleapis.com: VPC documentation, "Private Google Access", domain options."""
GOOGLE_ADDRESSES = ("199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11")
WORLD = "0.0.0.0/0"


@dataclass(frozen=True)
class GcpFlow:
    """The right of services, by name, to connect to a range on one TCP port."""

    part: str
    services: tuple[str, ...]
    destination: str
    port: int


def flows(spec: Platform) -> Iterator[GcpFlow]:
    """Every way out of the services that stands open."""
    private = str(layout(spec.network.cidr).private)
    yield from _open("database", spec.users_of("database"), private, DATABASE_PORT)
    yield from _open("cache", spec.users_of("cache"), private, CACHE_PORT)
    if spec.network.private_endpoints:
        yield from _open("google", tuple(spec.services), GOOGLE, HTTPS_PORT)
    yield from _open("world", tuple(name for name in spec.services if reaches_world(spec, name)), WORLD, HTTPS_PORT)


def reaches_world(spec: Platform, name: str) -> bool:
    """True when the service may connect to any address on port 443; the module's docstring says when."""
    needed = bool(spec.services[name].secrets) or not spec.network.private_endpoints
    return spec.network.egress != "none" and needed


def _open(part: str, services: tuple[str, ...], destination: str, port: int) -> Iterator[GcpFlow]:
    if services:
        yield GcpFlow(part, services, destination, port)
