"""Settings of services, data and billing that a Docker host refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, did_you_mean
from providers.contract.spec import Platform

MAX_PORT = 65535
DOCKER_HEALTHY_THRESHOLD = 1


def workload_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Autoscaling, standby servers and regions, and an entry port without a following port for the dashboard."""
    return [
        *_autoscaling(spec),
        *_standby_servers(spec),
        *_entry_port(spec),
        *_source_folders(spec),
        *_copies(spec),
    ]


def _copies(spec: Platform) -> Iterator[Unsupported]:
    """Refuse copies in another region; the dumps of the database are on the host, and are copied from there by hand."""
    if spec.recovery.mode != "none":
        problem = "one host has no second region"
        yield Unsupported("docker", "recovery.mode", problem, "use none, and copy the dumps to another machine")


def workload_adjustments(spec: Platform) -> list[Adjustment]:
    """Health checks, secrets, data stores, budget and deployer."""
    return [*_health(spec), *_secrets(spec), *_database(spec), *_storage(spec), *_account(spec)]


def _autoscaling(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        replicas = service.replicas
        if replicas.max > replicas.min:
            yield Unsupported(
                "docker",
                f"services.{name}.replicas.max",
                problem=f"{replicas.max} exceeds replicas.min, and one host runs a fixed number of replicas",
                fix=f"set it to {replicas.min}, the value of replicas.min",
            )


def _standby_servers(spec: Platform) -> Iterator[Diagnostic]:
    caches = {cache.key: cache.settings for cache in spec.all_caches}
    stores = {**({"database": spec.database} if spec.database is not None else {}), **caches}
    for name, store in stores.items():
        if store.high_availability:
            yield Unsupported(
                "docker",
                f"{name}.high_availability",
                problem="a standby on the same host would fail together with the primary",
                fix="set it to false",
            )


def _entry_port(spec: Platform) -> Iterator[Diagnostic]:
    if spec.docker is not None and spec.docker.entry_port == MAX_PORT:
        yield Unsupported(
            "docker",
            "docker.entry_port",
            problem=f"{MAX_PORT} leaves no port for the dashboard, which uses the next one",
            fix=f"use {MAX_PORT - 1} or less",
        )


def _source_folders(spec: Platform) -> Iterator[Diagnostic]:
    """Services that run from a source folder, which no production stack may have."""
    for name in spec.docker.dev if spec.docker else ():
        key = f"docker.dev.{name}"
        if name not in spec.services:
            yield ConfigError(key, f"no service {name}{did_you_mean(name, spec.services)}", "remove it")
        elif spec.profile == "production":
            problem = "a production stack runs images, and no source folder"
            yield Unsupported("docker", key, problem, "run `agent-platform dev` on a stack with `profile: development`")


def _health(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        threshold = service.health.healthy_threshold
        is_set = "healthy_threshold" in service.health.model_fields_set
        if service.path is None and is_set and threshold != DOCKER_HEALTHY_THRESHOLD:
            yield Adjustment(
                f"services.{name}.health.healthy_threshold",
                requested=threshold,
                effect=Effect.ADJUSTED,
                reason=(
                    f"{DOCKER_HEALTHY_THRESHOLD}; Docker considers a container healthy after one successful check. "
                    "Only the entry counts successful checks, for services with a path"
                ),
            )


def _secrets(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if service.secrets:
            yield Adjustment(
                f"services.{name}.secrets",
                requested=list(service.secrets),
                effect=Effect.ADJUSTED,
                reason=(
                    "environment variables of the container, like DATABASE_URL and REDIS_URL; they are encrypted in the "
                    "stack's state, and `docker inspect` shows them to users with access to Docker on this host"
                ),
            )


def _database(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is None:
        return
    yield Adjustment(
        "database.storage_gib",
        requested=database.storage_gib,
        effect=Effect.ADJUSTED,
        reason="the volume is limited only by this host's disk; alarms use database.max_storage_gib",
    )
    if database.maintenance.model_fields_set:
        yield Adjustment(
            "database.maintenance",
            requested=database.maintenance.model_dump(exclude_unset=True),
            effect=Effect.IGNORED,
            reason="minor versions are installed when `docker.images` or a release of the platform names another image",
        )


def _storage(spec: Platform) -> Iterator[Adjustment]:
    if spec.storage is not None and spec.storage.versioning:
        days = spec.storage.noncurrent_days
        yield Adjustment(
            "storage.noncurrent_days",
            requested=days,
            effect=Effect.PARTIAL,
            reason=f"a lifecycle rule of {days} days is set; SeaweedFS applies it only when a lifecycle worker runs",
        )


def _account(spec: Platform) -> Iterator[Adjustment]:
    """Settings of a cloud account, which a host does not have."""
    if spec.budget is not None:
        yield Adjustment(
            "budget.monthly_usd",
            requested=spec.budget.monthly_usd,
            effect=Effect.IGNORED,
            reason="a Docker host has no bill; the dashboard's spending panel stays empty and no alarm is created",
        )
    if spec.deployer is not None:
        yield Adjustment(
            "deployer",
            requested=spec.deployer.model_dump(),
            effect=Effect.IGNORED,
            reason="GitHub jobs cannot sign in to this host; run `agent-platform up` on it",
        )
