"""Settings of the database that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator
from typing import cast

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.json_data import Raw
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.defaults import complete
from providers.kubernetes.context import block_of
from providers.kubernetes.database.parameters import parameter_refusals

REMOVE = "remove the key, and set it on the server itself"
WITHOUT_URL_PARTS = "services receive DATABASE_URL alone; PGHOST and the other variables of libpq are not set"


def database_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Settings of an external server, backups without a bucket, and reserved parameters."""
    if spec.database is None:
        return []
    if block_of(spec).database.external:
        return list(_settings_of_external(spec, spec.database))
    return [*_backups_without_bucket(spec, spec.database), *parameter_refusals(spec)]


def _settings_of_external(spec: Platform, database: DatabaseSpec) -> Iterator[Diagnostic]:
    """Every setting with another value than the profile's default, which the stack file therefore contains."""
    defaults = default_database(spec)
    for key, value in _leaves(database):
        if value != dict(_leaves(defaults)).get(key):
            problem = "the server of DATABASE_URL is configured by its operator"
            yield Unsupported("kubernetes", f"database.{key}", problem, REMOVE)


def default_database(spec: Platform) -> DatabaseSpec:
    """Return the database of a stack file that sets none of its keys."""
    completed = complete({"profile": spec.profile, "cloud": spec.cloud, "services": {}, "database": {}})
    return DatabaseSpec.model_validate(cast("Raw", completed["database"]))


def _leaves(database: DatabaseSpec) -> list[tuple[str, object]]:
    values = database.model_dump()
    nested = {"size", "backup", "maintenance"}
    return [
        (f"{name}.{key}" if key else name, value)
        for name, part in values.items()
        for key, value in (cast("Raw", part).items() if name in nested else [("", part)])
    ]


def _backups_without_bucket(spec: Platform, database: DatabaseSpec) -> Iterator[Diagnostic]:
    if database.backup.retention_days > 0 and block_of(spec).bucket is None:
        yield Unsupported(
            "kubernetes",
            "database.backup",
            problem="backups and archived changes need an S3-compatible bucket, and kubernetes.bucket is not set",
            fix="set kubernetes.bucket, or database.backup.retention_days to 0 outside production",
        )


def database_adjustments(spec: Platform) -> list[Adjustment]:
    """Growth of the disk, maintenance, and variables of an external server."""
    if spec.database is None:
        return []
    if block_of(spec).database.external:
        reason = f"an external server, of which the platform knows the URL only; {WITHOUT_URL_PARTS}"
        return [Adjustment("database", requested="external", effect=Effect.PARTIAL, reason=reason)]
    return list(_own_server(spec.database))


def _own_server(database: DatabaseSpec) -> Iterator[Adjustment]:
    if database.max_storage_gib != database.storage_gib:
        yield Adjustment(
            "database.max_storage_gib",
            requested=database.max_storage_gib,
            effect=Effect.IGNORED,
            reason=(
                f"a volume does not grow by itself: {database.storage_gib} GiB until database.storage_gib is larger, if its "
                "StorageClass allows expansion; an alarm fires at 85 %"
            ),
        )
    yield Adjustment(
        "database.maintenance",
        requested=database.maintenance.model_dump(),
        effect=Effect.IGNORED,
        reason="CloudNativePG has no window: instances restart, replicas first, when the cluster's owner updates the operator",
    )
    if not database.high_availability:
        return
    yield Adjustment(
        "database.high_availability",
        requested=True,
        effect=Effect.ADJUSTED,
        reason="three instances on three nodes; a write waits for one of the two replicas while any of them is available",
    )
