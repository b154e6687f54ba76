"""Time of the daily snapshot that AWS Backup copies. Pure."""

from providers.aws.database.windows import DAY_MINUTES, HOUR_MINUTES, may_start, windows
from providers.contract.spec import DatabaseSpec


def snapshot_minute(database: DatabaseSpec) -> int:
    """Return the minute of the day, UTC, of the first whole hour after the backup window that no window is near to."""
    backup, _ = windows(database)
    for hours in range(2, 24):
        minute = (backup + hours * HOUR_MINUTES) % DAY_MINUTES
        if may_start(database, minute):
            return minute
    raise ValueError("two windows of an hour leave free hours of the day")


def snapshot_schedule(database: DatabaseSpec) -> str:
    """Return the schedule of AWS Backup: `cron(0 5 ? * * *)`."""
    hour, minute = divmod(snapshot_minute(database), HOUR_MINUTES)
    return f"cron({minute} {hour} ? * * *)"
