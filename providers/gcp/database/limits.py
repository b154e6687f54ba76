"""Backup and maintenance windows of Cloud SQL, and the database settings that it refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import MaintenanceSpec, Platform

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BACKUP_WINDOW_HOURS = 4
"""A backup starts at any time in this window: Cloud SQL documentation, "About Cloud SQL backups", backup window."""


def day_number(maintenance: MaintenanceSpec) -> int:
    """Day of the week, 1 for Monday to 7 for Sunday."""
    return DAYS.index(maintenance.day) + 1


def start_hour(maintenance: MaintenanceSpec) -> int:
    """Hour of the day, UTC, in which maintenance starts."""
    return int(maintenance.window_start.partition(":")[0])


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
    """Report a backup window longer than one hour, and a maintenance window that does not start on the hour."""
    return list(_window_adjustments(spec))


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
