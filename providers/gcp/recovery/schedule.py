"""Time of the daily export of the database. Pure."""

from providers.contract.spec import DatabaseSpec
from providers.gcp.database.limits import BACKUP_WINDOW_HOURS, start_hour

HOURS = 24
MAINTENANCE_HOURS = 1
"""Cloud SQL starts maintenance within the hour of its window."""
LEAD_HOURS = 4
"""Time for an export before the maintenance, which ends a running one."""


def export_hour(database: DatabaseSpec) -> int:
    """Return the first hour of the day, UTC, after the backup window in which no maintenance is near."""
    backup = int(database.backup.window_start.partition(":")[0])
    maintenance = start_hour(database.maintenance)
    for hours in range(BACKUP_WINDOW_HOURS + 1, HOURS):
        hour = (backup + hours) % HOURS
        if MAINTENANCE_HOURS < (hour - maintenance) % HOURS < HOURS - LEAD_HOURS + 1:
            return hour
    raise ValueError("a backup window and a maintenance window leave free hours of the day")


def export_schedule(database: DatabaseSpec) -> str:
    """Return the schedule in the five fields of cron, UTC."""
    return f"0 {export_hour(database)} * * *"
