"""What is kept: disk bounds, backup and maintenance hours, parameters, recovery."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, legacy_error
from providers.contract.spec import Platform
from providers.contract.spec.data import IN_MIB

DAY_MINUTES = 24 * 60


def disk_can_grow(spec: Platform) -> Iterator[ConfigError]:
    """max_storage_gib is not below storage_gib."""
    database = spec.database
    if database is not None and database.max_storage_gib < database.storage_gib:
        yield legacy_error(
            "database.max_storage_gib",
            database.max_storage_gib,
            f"is below storage_gib, which is {database.storage_gib}; raise it",
        )


def windows_keep_apart(spec: Platform) -> Iterator[ConfigError]:
    """The hour of backups (daily) and the hour of maintenance (weekly) do not meet, across midnight either."""
    database = spec.database
    if database is None or database.backup.retention_days == 0:
        return
    backup, maintenance = minutes(database.backup.window_start), minutes(database.maintenance.window_start)
    apart = (maintenance - backup) % DAY_MINUTES
    if min(apart, DAY_MINUTES - apart) < 60:
        yield legacy_error(
            "database.backup.window_start",
            database.backup.window_start,
            f"overlaps the maintenance hour at {database.maintenance.window_start}; keep the two an hour apart",
        )


def minutes(clock: str) -> int:
    """Minutes since midnight of HH:MM."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def parameters_say_it_once(spec: Platform) -> Iterator[ConfigError]:
    """A size is given in MiB or in PostgreSQL's own unit, not in both."""
    parameters = spec.database.parameters if spec.database else {}
    for ours, theirs in IN_MIB.items():
        if ours in parameters and theirs in parameters:
            path = f"database.parameters.{theirs}"
            yield legacy_error(path, parameters[theirs], f"is also given as {ours}; keep one of the two")
        if ours in parameters and not _is_size(parameters[ours]):
            yield legacy_error(f"database.parameters.{ours}", parameters[ours], "must be a whole number of MiB above 0")


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def recovery_is_none_for_now(spec: Platform) -> Iterator[ConfigError]:
    """A standby is not built yet, and a mode that is not built is not accepted."""
    if spec.recovery.mode != "none":
        yield legacy_error("recovery.mode", spec.recovery.mode, "is not built yet; use none")


database_rules = (disk_can_grow, windows_keep_apart, parameters_say_it_once)
recovery_rules = (recovery_is_none_for_now,)
