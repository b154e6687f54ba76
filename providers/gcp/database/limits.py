"""Backup and maintenance windows of Cloud SQL, and database settings that it refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import DatabaseSpec, MaintenanceSpec, Platform
from providers.gcp.database.sizes import database_size_refusals, database_tier, log_days

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BACKUP_WINDOW_HOURS = 4
"""A backup starts at any time in this window: Cloud SQL documentation, "About Cloud SQL backups", backup window."""


def day_number(maintenance: MaintenanceSpec) -> int:
    """Day of the week, 1 for Monday to 7 for Sunday."""
    return DAYS.index(maintenance.day) + 1


def start_hour(maintenance: MaintenanceSpec) -> int:
    """Hour of the day, UTC, in which maintenance starts."""
    return int(maintenance.window_start.partition(":")[0])


def grows(database: DatabaseSpec) -> bool:
    """True when Cloud SQL enlarges the disk by itself."""
    return database.max_storage_gib > database.storage_gib


def database_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a standby without backups, from which Cloud SQL creates it."""
    database = spec.database
    if database is None or not database.high_availability or database.backup.retention_days > 0:
        return []
    return [
        Unsupported(
            "gcp",
            "database.high_availability",
            problem="a standby requires backups and point-in-time recovery",
            fix="set database.backup.retention_days to 1 or more, or high_availability to false",
        )
    ]


def database_adjustments(spec: Platform) -> list[Adjustment]:
    """Report the disk, the backup window, a maintenance window that does not start on the hour, and limited recovery."""
    return [*_disk_adjustments(spec), *_recovery_adjustments(spec), *_window_adjustments(spec)]


def _disk_adjustments(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is not None and grows(database):
        reason = (
            f"{database.storage_gib} GiB when the database is created; Cloud SQL then enlarges the disk by itself, up to "
            f"{database.max_storage_gib} GiB. A larger value enlarges the disk with the next `agent-platform up` (not with "
            "`pulumi up`), a smaller one is refused"
        )
        key = "database.storage_gib"
        yield Adjustment(key, requested=database.storage_gib, effect=Effect.PARTIAL, reason=reason)


def _recovery_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Report a backup retention longer than the point-in-time recovery of the edition."""
    if spec.database is None or spec.gcp is None or database_size_refusals(spec, ""):
        return
    tier = database_tier(spec.database.size, spec.gcp.region)
    backup_days, recovery_days = spec.database.backup.retention_days, log_days(spec.database, tier)
    if backup_days > recovery_days:
        reason = (
            f"{backup_days} daily backups are kept; point-in-time recovery covers the last {recovery_days} days "
            f"(edition {tier.edition})"
        )
        key = "database.backup.retention_days"
        yield Adjustment(key, requested=backup_days, effect=Effect.PARTIAL, reason=reason)


def _window_adjustments(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is None:
        return
    if database.backup.retention_days > 0:
        start = database.backup.window_start
        reason = (
            f"backups start within {BACKUP_WINDOW_HOURS} hours from {start} UTC; maintenance waits for a running backup"
        )
        yield Adjustment("database.backup.window_start", requested=start, effect=Effect.ADJUSTED, reason=reason)
    start, full_hour = database.maintenance.window_start, f"{start_hour(database.maintenance):02}:00"
    if start != full_hour:
        reason = f"the hour from {full_hour} UTC; Cloud SQL maintenance starts on the hour"
        yield Adjustment("database.maintenance.window_start", requested=start, effect=Effect.ADJUSTED, reason=reason)
