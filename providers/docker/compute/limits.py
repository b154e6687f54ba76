"""What services, data and money ask that one machine cannot do, or does in its own way. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform

MOST_PORT = 65535
PRIVATE_HEALTHY = 1


def workload_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Scaling and standbys, which one machine has no place for, and an entry without room for its dashboard."""
    return [*_scaled(spec), *_standbys(spec), *_ports(spec)]


def workload_adjustments(spec: Platform) -> list[Adjustment]:
    """Checks, secrets, data and money, as far as one machine honours them."""
    return [*_health(spec), *_secrets(spec), *_database(spec), *_storage(spec), *_outside(spec)]


def _scaled(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        least, most = service.replicas.min, service.replicas.max
        if most > least:
            advice = f"one machine runs a fixed number of copies; set max equal to min, which is {least}"
            yield legacy_unsupported("docker", f"services.{name}.replicas.max", most, advice)


def _standbys(spec: Platform) -> Iterator[Diagnostic]:
    advice = "a standby on the same machine would fall with it; set it to false"
    if spec.database is not None and spec.database.high_availability:
        yield legacy_unsupported("docker", "database.high_availability", True, advice)
    if spec.cache is not None and spec.cache.high_availability:
        yield legacy_unsupported("docker", "cache.high_availability", True, advice)


def _ports(spec: Platform) -> Iterator[Diagnostic]:
    port = spec.docker.entry_port if spec.docker else 0
    if port == MOST_PORT:
        advice = f"the dashboard takes the port after it, and there is none; use {MOST_PORT - 1} or less"
        yield legacy_unsupported("docker", "docker.entry_port", port, advice)


def _health(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        asked = service.health.healthy_threshold
        if service.path is None and "healthy_threshold" in service.health.model_fields_set and asked != PRIVATE_HEALTHY:
            given = (
                f"{PRIVATE_HEALTHY}: Docker takes a copy for healthy after one good check; the entry counts for itself"
            )
            yield legacy_adjustment(f"services.{name}.health.healthy_threshold", asked, given)


def _secrets(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if service.secrets:
            given = (
                "variables of the container, like DATABASE_URL and REDIS_URL: encrypted in the stack's state, and shown "
                "by `docker inspect` to whoever may command Docker on this machine, for it knows no references"
            )
            yield legacy_adjustment(f"services.{name}.secrets", list(service.secrets), given)


def _database(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is None:
        return
    given = "a volume as large as this machine's disk allows; alarms reckon with database.max_storage_gib"
    yield legacy_adjustment("database.storage_gib", database.storage_gib, given)
    maintenance = database.maintenance
    if maintenance.model_fields_set:
        given = "nothing: a minor version follows when `docker.images` or a release of the platform names another image"
        yield legacy_adjustment("database.maintenance", maintenance.model_dump(exclude_unset=True), given)


def _storage(spec: Platform) -> Iterator[Adjustment]:
    if spec.storage is not None and spec.storage.versioning:
        days = spec.storage.noncurrent_days
        given = f"a lifecycle rule of {days} days, which SeaweedFS applies when a lifecycle worker of its own is run"
        yield legacy_adjustment("storage.noncurrent_days", days, given)


def _outside(spec: Platform) -> Iterator[Adjustment]:
    """What belongs to a cloud's account, which this machine has none of."""
    if spec.budget is not None:
        given = "a line on the dashboard that stays empty: this machine bills nobody, so no alarm can follow"
        yield legacy_adjustment("budget.monthly_usd", spec.budget.monthly_usd, given)
    if spec.deployer is not None:
        given = "nothing: GitHub's jobs cannot sign in to this machine; run `agent-platform up` on it"
        yield legacy_adjustment("deployer", spec.deployer.model_dump(), given)
