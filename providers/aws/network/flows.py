"""Permitted connections: peers, ports, and services with access to the internet. Pure.

Every connection that is not listed here is denied. Services may connect to the internet on port 443 only if they need
to: they list secrets (an API key of a third party), their image or that of their collector is in a registry
outside this region's ECR, or AWS services have no private endpoints. Other ports open for the hosts under
`services.<name>.egress` only. With `network.egress_control: names` secrets open no port, and `name_filter.py` limits the
names that resolve. With `network.egress: none` no service may.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.aws.base.image_sources import ECR_HOST
from providers.aws.network.existing_limits import shares_endpoints
from providers.contract.authentication import guarded_services
from providers.contract.egress import HTTPS_PORT as HTTPS_PORT
from providers.contract.egress import checks_names, outside_ports
from providers.contract.images import parse_image
from providers.contract.prometheus import scrape_endpoint
from providers.contract.spec import Platform, Service

LOAD_BALANCER = "load-balancer"
DATABASE = "database"
ENDPOINTS = "endpoints"
HTTP_PORT = 80
DATABASE_PORT = 5432
"""PostgreSQL."""
CACHE_PORT = 6379
"""Redis protocol."""
ANY_IPV4 = "0.0.0.0/0"


def private_services(spec: Platform) -> tuple[str, ...]:
    """Services of AWS with an interface endpoint, by the suffix of their names; each is billed per hour and zone."""
    if not spec.network.private_endpoints:
        return ()
    needed = {
        "ecr.api": True,
        "ecr.dkr": True,
        "logs": True,
        "secretsmanager": bool(
            spec.secrets
            or spec.image_credentials
            or spec.users_of("database")
            or any(cache.users for cache in spec.all_caches)
            or spec.recovery.drill
        ),
        "bedrock-runtime": bool(spec.users_of("models")),
        "aps-workspaces": spec.monitoring.prometheus,
        "xray": spec.monitoring.tracing is not None,
    }
    return tuple(service for service, is_needed in needed.items() if is_needed)


def service_peer(name: str) -> str:
    """`service-gateway`: the prefix distinguishes a service named `database` from the database."""
    return f"service-{name}"


@dataclass(frozen=True)
class AwsFlow:
    """Connections from one peer to another, each a security group, on one TCP port."""

    source: str
    target: str
    port: int

    @property
    def part(self) -> str:
        """`service-gateway-to-database`; without the port, so that a changed port updates the rule in place."""
        return f"{self.source}-to-{self.target}"


def peers(spec: Platform) -> tuple[str, ...]:
    """Return every peer that has a security group of the platform."""
    optional = {
        DATABASE: spec.database is not None,
        **{cache.part: True for cache in spec.all_caches},
        ENDPOINTS: spec.network.private_endpoints and not shares_endpoints(spec),
    }
    return (
        LOAD_BALANCER,
        *(peer for peer, present in optional.items() if present),
        *(service_peer(name) for name in spec.services),
    )


def flows(spec: Platform) -> tuple[AwsFlow, ...]:
    """Connections inside the VPC: from the load balancer, along `calls`, along `uses`, to the endpoints."""
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
    for cache in spec.all_caches:
        if cache.key in service.uses:
            yield AwsFlow(peer, cache.part, CACHE_PORT)
    if spec.network.private_endpoints:
        yield AwsFlow(peer, ENDPOINTS, HTTPS_PORT)


def client_ports(spec: Platform) -> tuple[int, ...]:
    """Ports on which clients may connect: HTTPS and HTTP, which redirects to it; without a domain, HTTP only."""
    if not spec.public:
        return ()
    return (HTTPS_PORT, HTTP_PORT) if spec.ingress.domain is not None else (HTTP_PORT,)


def calls_identity_provider(spec: Platform) -> bool:
    """True when the load balancer reads the keys of tokens, or signs users in, at an identity provider.

    Without port 443 to it, clients get status 500: Elastic Load Balancing, "Authenticate users".
    """
    return bool(guarded_services(spec))


def client_cidrs(spec: Platform) -> tuple[str, ...]:
    """Address ranges of clients without duplicates."""
    return tuple(dict.fromkeys(spec.ingress.allowed_cidrs))


def internet_ports(spec: Platform, name: str, region: str) -> tuple[int, ...]:
    """Ports on which the service may connect to any address."""
    return outside_ports(spec, name, https=_needs_internet(spec, name, region))


def _needs_internet(spec: Platform, name: str, region: str) -> bool:
    """True when the service needs port 443 without listing a host; see the module's docstring for the conditions."""
    service = spec.services[name]
    # the collector's image is in public.ecr.aws, which no endpoint serves
    collected = has_collector(spec, service)
    keys = bool(spec.external_secrets(name)) and not checks_names(spec)
    needed = keys or collected or pulled_from_internet(service.image, region)
    return spec.network.egress != "none" and (needed or not spec.network.private_endpoints)


def has_collector(spec: Platform, service: Service) -> bool:
    """True when a collector beside the service sends its metrics or spans."""
    scraped = spec.monitoring.prometheus and scrape_endpoint(service) is not None
    return scraped or spec.monitoring.tracing is not None


def pulled_from_internet(reference: str, region: str) -> bool:
    """True when an image is in a registry other than ECR of this region."""
    registry = parse_image(reference).registry
    if registry is None:
        return False
    host = ECR_HOST.fullmatch(registry)
    return host is None or host["region"] != region
