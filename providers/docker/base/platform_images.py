"""Every image that the platform runs beside the user's own: one table, each replaceable by `docker.images`. Pure.

A digest is the one published for the tag beside it. Two images are pinned by their exact version alone, because no
published digest could be confirmed; whoever has a registry at hand may pin them in the stack file.
"""

from collections.abc import Iterator, Mapping

from providers.contract.diagnostics import Diagnostic, did_you_mean, legacy_error, listed
from providers.contract.spec import Platform

POSTGRES = "postgres"
REDIS = "redis"
PROXY = "proxy"
OBJECTS = "objects"
COURIER = "courier"
PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
GRAFANA = "grafana"
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
"""Image by role, but for `postgres`, which the database's version chooses."""

ROLES = (POSTGRES, *IMAGES)


def image_of(spec: Platform, role: str) -> str:
    """Reference of the image that fills a role: the stack file's, or the table's."""
    given = spec.docker.images if spec.docker else {}
    return given.get(role) or IMAGES.get(role) or POSTGRES_BY_VERSION[spec.database.version if spec.database else "17"]


def roles_of(spec: Platform) -> tuple[str, ...]:
    """Roles that a platform needs filled, in the order of the table."""
    return tuple(role for role in ROLES if role in set(_needed(spec)))


def image_keys(spec: Platform) -> dict[str, str]:
    """Image by the key that names it: services first, then roles."""
    services = {f"services.{name}.image": service.image for name, service in spec.services.items()}
    return {**services, **{f"docker.images.{role}": image_of(spec, role) for role in roles_of(spec)}}


def image_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Replacements for a role that nobody plays."""
    given = spec.docker.images if spec.docker else {}
    return [
        legacy_error(
            f"docker.images.{role}", image, f"fills no role{did_you_mean(role, ROLES)}; the roles are {_roles()}"
        )
        for role, image in given.items()
        if role not in ROLES
    ]


def _roles() -> str:
    return listed(ROLES, "and")


def _needed(spec: Platform) -> Iterator[str]:
    yield from (PROMETHEUS, ALERTMANAGER, HOST_EXPORTER, CONTAINER_EXPORTER)
    if spec.public:
        yield PROXY
    if spec.monitoring.dashboards:
        yield GRAFANA
    if spec.database is not None:
        yield from (POSTGRES, POSTGRES_EXPORTER)
        if spec.database.backup.retention_days > 0:
            yield from (OBJECTS, COURIER)
    if spec.cache is not None:
        yield from (REDIS, REDIS_EXPORTER)
    if spec.storage is not None:
        yield from (OBJECTS, COURIER)
