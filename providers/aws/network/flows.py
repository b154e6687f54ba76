"""Who may open a connection to whom, on which port; whatever is not listed here is closed. Pure.

Services reach the world on port 443 only when something tells that they must: they list secrets (a key to someone
else's API), an image of theirs lives in a registry outside this region's ECR, or the cloud's own services have no
private endpoints. With `egress: none` no service does. Plain HTTP and other ports to the world are never open.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.aws.base.image_sources import ECR_HOST
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service

LOAD_BALANCER = "load-balancer"
DATABASE = "database"
CACHE = "cache"
ENDPOINTS = "endpoints"
HTTP_PORT = 80
HTTPS_PORT = 443
DATABASE_PORT = 5432
"""PostgreSQL."""
CACHE_PORT = 6379
"""Redis protocol."""
WORLD = "0.0.0.0/0"


def service_peer(name: str) -> str:
    """`service-gateway`: a service may be called `database` without being taken for the database."""
    return f"service-{name}"


@dataclass(frozen=True)
class AwsFlow:
    """Connections from one peer to another, each a security group, on one TCP port."""

    source: str
    target: str
    port: int

    @property
    def part(self) -> str:
        """`service-gateway-to-database`; the port is not in it, so that a changed port changes the rule in place."""
        return f"{self.source}-to-{self.target}"


def peers(spec: Platform) -> tuple[str, ...]:
    """Every peer that has a security group."""
    optional = {
        DATABASE: spec.database is not None,
        CACHE: spec.cache is not None,
        ENDPOINTS: spec.network.private_endpoints,
    }
    return (
        LOAD_BALANCER,
        *(peer for peer, present in optional.items() if present),
        *(service_peer(name) for name in spec.services),
    )


def flows(spec: Platform) -> tuple[AwsFlow, ...]:
    """Every connection inside the VPC: from the load balancer, along `calls`, along `uses`, to the endpoints."""
    return tuple(flow for name, service in spec.services.items() for flow in _flows_of(spec, name, service))


def _flows_of(spec: Platform, name: str, service: Service) -> Iterator[AwsFlow]:
    peer = service_peer(name)
    if service.path is not None and service.port is not None:
        yield AwsFlow(LOAD_BALANCER, peer, service.port)
    for callee in service.calls:
        port = spec.services[callee].port
        if port is not None:
            yield AwsFlow(peer, service_peer(callee), port)
    if spec.database is not None and "database" in service.uses:
        yield AwsFlow(peer, DATABASE, DATABASE_PORT)
    if spec.cache is not None and "cache" in service.uses:
        yield AwsFlow(peer, CACHE, CACHE_PORT)
    if spec.network.private_endpoints:
        yield AwsFlow(peer, ENDPOINTS, HTTPS_PORT)


def client_ports(spec: Platform) -> tuple[int, ...]:
    """Ports on which clients may connect: HTTPS and the HTTP that redirects to it; without a domain, HTTP alone."""
    if not spec.public:
        return ()
    return (HTTPS_PORT, HTTP_PORT) if spec.ingress.domain is not None else (HTTP_PORT,)


def client_cidrs(spec: Platform) -> tuple[str, ...]:
    """Address ranges of clients, each once."""
    return tuple(dict.fromkeys(spec.ingress.allowed_cidrs))


def reaches_world(spec: Platform, name: str, region: str) -> bool:
    """True when the service may connect to any address on port 443; the module's docstring says when."""
    service = spec.services[name]
    # the collector beside a service with a port comes from public.ecr.aws, which no endpoint serves
    collected = spec.monitoring.prometheus and service.port is not None
    needed = bool(service.secrets) or collected or pulled_from_world(service.image, region)
    return spec.network.egress != "none" and (needed or not spec.network.private_endpoints)


def pulled_from_world(reference: str, region: str) -> bool:
    """True when an image lives where only the internet leads: in no ECR registry of this region."""
    registry = parse_image(reference).registry
    if registry is None:
        return False
    host = ECR_HOST.fullmatch(registry)
    return host is None or host["region"] != region
