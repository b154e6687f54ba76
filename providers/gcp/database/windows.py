"""Hours of backup and maintenance in the words of Cloud SQL and Memorystore, and what they make of them. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import MaintenanceSpec, Platform

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BACKUP_HOURS = 4
"""A backup begins at some time within them: Cloud SQL documentation, "About Cloud SQL backups", backup window."""


def day_number(maintenance: MaintenanceSpec) -> int:
    """Day of the week, 1 for Monday to 7 for Sunday."""
    return DAYS.index(maintenance.day) + 1


def full_hour(maintenance: MaintenanceSpec) -> int:
    """Hour of the day, UTC, in which maintenance begins."""
    return int(maintenance.window_start.partition(":")[0])


def database_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A standby without backups: Cloud SQL makes one from them."""
    database = spec.database
    if database is None or not database.high_availability or database.backup.retention_days > 0:
        return []
    advice = (
        "a standby needs backups and recovery to any second; set database.backup.retention_days to 1 or more, "
        "or high_availability to false"
    )
    return [legacy_unsupported("gcp", "database.high_availability", True, advice)]


def database_adjustments(spec: Platform) -> list[Adjustment]:
    """Windows wider than an hour, or not at the minute asked."""
    return list(_adjustments(spec))


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is None:
        return
    start, hour = database.backup.window_start, full_hour(database.maintenance)
    if database.backup.retention_days > 0:
        given = f"a start within the {BACKUP_HOURS} hours from {start} UTC; maintenance waits for a backup that runs"
        yield legacy_adjustment("database.backup.window_start", start, given)
    if database.maintenance.window_start != f"{hour:02}:00":
        given = f"the hour from {hour:02}:00 UTC: Cloud SQL's maintenance begins on the hour"
        yield legacy_adjustment("database.maintenance.window_start", database.maintenance.window_start, given)
