"""What Azure does with backups and standbys in its own way. Pure."""

from collections.abc import Iterator

from providers.azure.base.locations import ZONES
from providers.azure.context import AzureContext
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import MaintenanceSpec, Platform

LEAST_RETENTION_DAYS = 7
"""A server keeps backups from 7 to 35 days and cannot be without: Microsoft Learn, "Backup and restore in Azure
Database for PostgreSQL"."""
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def standby_mode(context: AzureContext, *, wanted: bool) -> str:
    """How a server keeps its standby: in another zone, or in the same one where the platform has but one."""
    if not wanted:
        return "Disabled"
    return "ZoneRedundant" if context.zonal else "SameZone"


def server_zones(context: AzureContext, *, standby: bool) -> tuple[str | None, str | None]:
    """Zones of the server and of its standby; None where Azure chooses or there is none."""
    if not context.zonal:
        return None, None
    return ZONES[0], ZONES[1] if standby else None


def maintenance_window(maintenance: MaintenanceSpec) -> tuple[int, int, int]:
    """Day of the week (Sunday is 0), hour and minute at which the hour of maintenance begins, UTC."""
    hour, _, minute = maintenance.window_start.partition(":")
    return DAYS.index(maintenance.day), int(hour), int(minute)


def backup_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Backups switched off or kept for less than a week."""
    if spec.database is None or spec.database.backup.retention_days >= LEAST_RETENTION_DAYS:
        return []
    advice = f"a server keeps its backups {LEAST_RETENTION_DAYS} to 35 days; use one of these"
    return [legacy_unsupported("azure", "database.backup.retention_days", spec.database.backup.retention_days, advice)]


def redundancy_adjustments(spec: Platform) -> list[Adjustment]:
    """The hour of backups, which Azure chooses, and a standby that has no other zone."""
    return list(_adjustments(spec))


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is None:
        return
    window = database.backup.window_start
    yield legacy_adjustment(
        "database.backup.window_start",
        window,
        "an hour of Azure's own choice each day; the log is copied all the time, so any minute can be restored",
    )
    if database.high_availability and spec.network.zones == 1:
        given = "a standby in the same zone, for network.zones is 1; it survives the loss of a machine"
        yield legacy_adjustment("database.high_availability", True, given)
