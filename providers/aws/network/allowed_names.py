"""Names that resolve in a VPC whose names are checked: listed hosts, AWS, and what the platform's own parts call. Pure."""

from urllib.parse import urlsplit

from providers.aws.entry.sign_in import sign_in_endpoints
from providers.aws.network.flows import has_collector
from providers.contract.authentication import guarded_services
from providers.contract.egress import listed_hosts
from providers.contract.spec import Platform

AWS_NAMES = (
    "*.{region}.amazonaws.com",
    "*.{region}.rds.amazonaws.com",
    "*.cache.amazonaws.com",
    "s3.amazonaws.com",
    "*.s3.amazonaws.com",
)
"""Interfaces of AWS in a region, database, cache, and the address of S3 that older SDKs use in us-east-1."""
PUBLIC_REGISTRY = ("public.ecr.aws", "*.cloudfront.net")
"""Registry of the images of the collector and of restore drills, whose layers are answered by CloudFront."""


def allowed_names(spec: Platform, region: str) -> tuple[str, ...]:
    """Return the names that resolve, in alphabetical order; `*.` at the beginning is any name below."""
    own = [name.format(region=region) for name in AWS_NAMES]
    collected = any(has_collector(spec, service) for service in spec.services.values())
    pulled = PUBLIC_REGISTRY if collected or spec.recovery.drill is not None else ()
    return tuple(sorted({*listed_hosts(spec), *own, *pulled, *_identity_provider(spec)}))


def _identity_provider(spec: Platform) -> set[str]:
    """Return the hosts that the load balancer calls when it verifies tokens or signs users in."""
    auth = spec.ingress.auth
    if auth is None or not guarded_services(spec):
        return set()
    endpoints = sign_in_endpoints(auth)
    urls = (auth.jwks_url or "", *((endpoints.token, endpoints.user_info) if endpoints is not None else ()))
    return {host for url in urls if (host := urlsplit(url).hostname)}
