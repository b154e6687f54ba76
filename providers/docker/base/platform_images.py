"""Images that the platform runs beside the services, in one table, and the credentials of registries. Pure.

`docker.images` replaces each image of the table.

Digests are those published for the tag. Three images are pinned by exact version only, because no published digest could
be confirmed; `docker.images` can pin them.
"""

from collections.abc import Iterator, Mapping

from providers.contract.diagnostics import (
    Adjustment,
    ConfigError,
    Diagnostic,
    Effect,
    did_you_mean,
    displayed,
    listed,
)
from providers.contract.egress import checks_names, listed_hosts
from providers.contract.existing_registry import existing_registry
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service
from providers.docker.monitoring.limits import has_log_store

POSTGRES = "postgres"
REDIS = "redis"
PROXY = "proxy"
OBJECTS = "objects"
COURIER = "courier"
PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
GRAFANA = "grafana"
TEMPO = "tempo"
LOG_STORE = "log-store"
POSTGRES_EXPORTER = "postgres-exporter"
REDIS_EXPORTER = "redis-exporter"
HOST_EXPORTER = "host-exporter"
CONTAINER_EXPORTER = "container-exporter"

POSTGRES_BY_VERSION: Mapping[str, str] = {
    "14": "postgres:14@sha256:156f0b253fd61366d5fc2107ad45955027d5612f695a8436ce20167f3fa79bff",
    "15": "postgres:15@sha256:9b1d34adbce1dd07ee6e94b4a2cf698884b89bd44a6c9c12f5da8f3acbfe4957",
    "16": "postgres:16@sha256:95206741a5b214807675e14165369d05b93a9cf692223b616d07cca227e74b0b",
    "17": "postgres:17@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f",
    "18": "postgres:18@sha256:4ef4dbc939d61acea57712655ddb4b4ab27419c913f94cca0cd57cb3ea3c2280",
}
"""Image of the role `postgres` by major version."""

IMAGES: Mapping[str, str] = {
    REDIS: "valkey/valkey:8.1-alpine@sha256:e0eb7c480958d32bdc4357a74bdd70653ae15f2f9b4c93c4a5a9fad1dc471c84",
    PROXY: "haproxy:3.2-alpine@sha256:79799e8b2977e60802774fa53d29e6b54e045402cdd8a8b9fe43923e7095a047",
    OBJECTS: "chrislusf/seaweedfs:4.47@sha256:ce9e796f1fe6f06968f4c04bdaf8f678dad9c8acdfef3d244133d71bfa6bf882",
    COURIER: "amazon/aws-cli:2.32.6",
    PROMETHEUS: "prom/prometheus:v3.5.0@sha256:63805ebb8d2b3920190daf1cb14a60871b16fd38bed42b857a3182bc621f4996",
    ALERTMANAGER: "prom/alertmanager:v0.28.1@sha256:27c475db5fb156cab31d5c18a4251ac7ed567746a2483ff264516437a39b15ba",
    GRAFANA: "grafana/grafana:12.1.1@sha256:a1701c2180249361737a99a01bc770db39381640e4d631825d38ff4535efa47d",
    TEMPO: "grafana/tempo:2.8.2@sha256:0ef775495967cd5d7a6b2e146b6ea695d624803c8db8349fb8ce4164f719f9b7",
    LOG_STORE: "victoriametrics/victoria-logs:v1.52.2",
    POSTGRES_EXPORTER: (
        "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
        "@sha256:38606faa38c54787525fb0ff2fd6b41b4cfb75d455c1df294927c5f611699b17"
    ),
    REDIS_EXPORTER: "oliver006/redis_exporter:v1.69.0",
    HOST_EXPORTER: "prom/node-exporter:v1.9.1@sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a",
    CONTAINER_EXPORTER: (
        "gcr.io/cadvisor/cadvisor:v0.52.1@sha256:f40e65878e25c2e78ea037f73a449527a0fb994e303dc3e34cb6b187b4b91435"
    ),
}
"""Image by role, except `postgres`, which depends on the database version."""

ROLES = (POSTGRES, *IMAGES)


def image_of(spec: Platform, role: str) -> str:
    """Image reference of a role: from `docker.images`, else from the table."""
    replacements = spec.docker.images if spec.docker else {}
    version = spec.database.version if spec.database else "17"
    return replacements.get(role) or IMAGES.get(role) or POSTGRES_BY_VERSION[version]


def roles_of(spec: Platform) -> tuple[str, ...]:
    """Roles that a platform needs, in the order of the table."""
    required = set(_required_roles(spec))
    return tuple(role for role in ROLES if role in required)


def images_by_key(spec: Platform) -> dict[str, str]:
    """Image references by the configuration key that sets them: services first, then roles."""
    services = {f"services.{name}.image": service.image for name, service in spec.services.items()}
    return {**services, **{f"docker.images.{role}": image_of(spec, role) for role in roles_of(spec)}}


def image_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Keys of `docker.images` that are not roles, and more than one login for a registry."""
    return [*_unknown_roles(spec), *_second_logins(spec)]


def credentials_by_registry(spec: Platform) -> Mapping[str, str]:
    """Secret with the credentials of each registry, by its host; the first service of a registry decides."""
    secrets: dict[str, str] = {}
    for service in spec.services.values():
        registry = parse_image(service.image).registry
        if service.image_credentials is not None and registry is not None:
            secrets.setdefault(registry, service.image_credentials)
    return secrets


def existing_image(spec: Platform, service: Service) -> str | None:
    """Return the address of the image of a service in an existing registry; one with `build` stays on the host."""
    existing = existing_registry(spec)
    if existing is None or existing.docker is None or service.build is not None:
        return None
    return f"{existing.docker.address}/{parse_image(service.image).name}"


def image_adjustments(spec: Platform) -> list[Adjustment]:
    """Report images that are built on the host beside an existing registry."""
    existing = existing_registry(spec)
    built = [name for name, service in spec.services.items() if service.build is not None]
    if existing is None or existing.docker is None or not built:
        return []
    reason = f"images of {listed(built, 'and')} are built on this host, and neither pushed nor pulled"
    return [Adjustment("registry.existing", existing.docker.address, Effect.PARTIAL, reason)]


def _second_logins(spec: Platform) -> Iterator[Diagnostic]:
    first = credentials_by_registry(spec)
    for name, service in spec.services.items():
        registry, secret = parse_image(service.image).registry, service.image_credentials
        if secret is not None and registry is not None and first[registry] != secret:
            yield ConfigError(
                f"services.{name}.image_credentials",
                problem=f"{first[registry]} is already the login to {registry}, and Docker uses one for each registry",
                fix=f"use {first[registry]} here too",
            )


def _unknown_roles(spec: Platform) -> list[Diagnostic]:
    replacements = spec.docker.images if spec.docker else {}
    return [
        ConfigError(
            f"docker.images.{role}",
            problem=f"{displayed(role)} is not a role{did_you_mean(role, ROLES)}",
            fix=f"use one of {listed(ROLES)}",
        )
        for role in replacements
        if role not in ROLES
    ]


def _required_roles(spec: Platform) -> Iterator[str]:
    yield from (PROMETHEUS, ALERTMANAGER, HOST_EXPORTER, CONTAINER_EXPORTER)
    if spec.public or (checks_names(spec) and listed_hosts(spec)):
        yield PROXY
    if spec.monitoring.dashboards:
        yield GRAFANA
    if has_log_store(spec):
        yield LOG_STORE
    if spec.monitoring.tracing is not None:
        yield TEMPO
    if spec.database is not None:
        yield from (POSTGRES, POSTGRES_EXPORTER)
        if spec.database.backup.retention_days > 0:
            yield from (OBJECTS, COURIER)
    if spec.all_caches:
        yield from (REDIS, REDIS_EXPORTER)
    if spec.storage is not None:
        yield from (OBJECTS, COURIER)
