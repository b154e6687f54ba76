"""Images that the platform runs beside the services, and the credentials of registries. Pure.

`kubernetes.images` replaces each image of the table. Every image names its registry: which one a node takes for a name without
a registry depends on the node.
"""

from collections.abc import Iterator, Mapping

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, did_you_mean, displayed, listed
from providers.contract.existing_registry import existing_registry
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service
from providers.kubernetes.context import block_of

PROXY, CACHE, POSTGRES, CACHE_EXPORTER, TRACES = "proxy", "cache", "postgres", "cache-exporter", "traces"
IMAGES: Mapping[str, str] = {
    CACHE: "docker.io/valkey/valkey:8.1-alpine@sha256:e0eb7c480958d32bdc4357a74bdd70653ae15f2f9b4c93c4a5a9fad1dc471c84",
    TRACES: "docker.io/grafana/tempo:2.8.2@sha256:0ef775495967cd5d7a6b2e146b6ea695d624803c8db8349fb8ce4164f719f9b7",
    CACHE_EXPORTER: "docker.io/oliver006/redis_exporter:v1.69.0",
    # the tag of CloudNativePG's images begins with the major version, and the operator reads it there
    POSTGRES: "ghcr.io/cloudnative-pg/postgresql:{version}-system-trixie",
    PROXY: "docker.io/library/haproxy:3.2-alpine@sha256:79799e8b2977e60802774fa53d29e6b54e045402cdd8a8b9fe43923e7095a047",
}
"""Image by role, as on Docker."""


def image_of(spec: Platform, role: str) -> str:
    """Image reference of a role: from `kubernetes.images`, else from the table."""
    return block_of(spec).images.get(role) or IMAGES[role]


def postgres_image(spec: Platform, version: str) -> str:
    """Image of PostgreSQL with this major version."""
    return image_of(spec, POSTGRES).format(version=version)


def service_image(spec: Platform, image: str) -> str:
    """Image reference of a service, with the registry of the block where it names none."""
    registry = block_of(spec).registry
    return image if registry is None or parse_image(image).registry is not None else f"{registry}/{image}"


def existing_image(spec: Platform, service: Service) -> str | None:
    """Return the address of the image of a service in an existing registry."""
    existing = existing_registry(spec)
    if existing is None or existing.kubernetes is None:
        return None
    return f"{existing.kubernetes.address}/{parse_image(service.image).name}"


def registry_address(spec: Platform) -> str | None:
    """Return the address of the registry of images that name none; None where each names its own."""
    existing = existing_registry(spec)
    named = existing.kubernetes.address if existing is not None and existing.kubernetes is not None else None
    return block_of(spec).registry or named


def image_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Images without a registry, keys of `kubernetes.images` that are no roles, and more than one login for a registry."""
    return [*_without_registry(spec), *_unknown_roles(spec), *_second_logins(spec)]


def credentials_by_registry(spec: Platform) -> Mapping[str, str]:
    """Secret with the credentials of each registry, by its host; the first service of a registry decides."""
    secrets: dict[str, str] = {}
    for service in spec.services.values():
        registry = parse_image(service_image(spec, service.image)).registry
        if service.image_credentials is not None and registry is not None:
            secrets.setdefault(registry, service.image_credentials)
    return secrets


def _without_registry(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if parse_image(service.image).registry is None and block_of(spec).registry is None:
            problem = f"{service.image} names no registry, and the platform has none on kubernetes"
            fix = "set registry.existing.kubernetes or kubernetes.registry, or write the image with its registry, such as ghcr.io/acme/web@sha256:..."
            yield Unsupported("kubernetes", f"services.{name}.image", problem, fix)


def _unknown_roles(spec: Platform) -> Iterator[Diagnostic]:
    for role, image in block_of(spec).images.items():
        key = f"kubernetes.images.{role}"
        if role not in IMAGES:
            problem = f"{displayed(role)} is not a role{did_you_mean(role, IMAGES)}"
            yield ConfigError(key, problem, f"use one of {listed(IMAGES)}")
        elif parse_image(image).registry is None:
            yield ConfigError(key, "the image names no registry", "write the image with its registry")


def _second_logins(spec: Platform) -> Iterator[Diagnostic]:
    first = credentials_by_registry(spec)
    for name, service in spec.services.items():
        registry = parse_image(service_image(spec, service.image)).registry
        secret = service.image_credentials
        if secret is not None and registry is not None and first[registry] != secret:
            problem = (
                f"{first[registry]} is already the login to {registry}, and all pods pull with one for each registry"
            )
            yield ConfigError(f"services.{name}.image_credentials", problem, f"use {first[registry]} here too")
