"""Time of the daily snapshot that AWS Backup copies. Pure.

AWS Backup fails to start a snapshot of an RDS instance within an hour before the instance's backup or maintenance window, and
during either (AWS Backup developer guide, "Amazon RDS backup limitations"). Windows are an hour long and an hour apart.
"""

from providers.contract.spec import DatabaseSpec

DAY_MINUTES = 24 * 60
HOUR_MINUTES = 60
BEFORE_MINUTES = 2 * HOUR_MINUTES
"""Distance to the next window: the hour in which a job may start, and the one in which it may not."""


def snapshot_minute(database: DatabaseSpec) -> int:
    """Return the minute of the day, UTC, of the first whole hour after the backup window that no window is near to."""
    backup, maintenance = _minute(database.backup.window_start), _minute(database.maintenance.window_start)
    for hours in range(2, 24):
        minute = (backup + hours * HOUR_MINUTES) % DAY_MINUTES
        if all(_is_clear(minute, window) for window in (backup, maintenance)):
            return minute
    raise ValueError("two windows of an hour leave free hours of the day")


def snapshot_schedule(database: DatabaseSpec) -> str:
    """Return the schedule of AWS Backup: `cron(0 5 ? * * *)`."""
    hour, minute = divmod(snapshot_minute(database), HOUR_MINUTES)
    return f"cron({minute} {hour} ? * * *)"


def _is_clear(minute: int, window: int) -> bool:
    return (minute - window) % DAY_MINUTES >= HOUR_MINUTES and (window - minute) % DAY_MINUTES >= BEFORE_MINUTES


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * HOUR_MINUTES + int(minutes)
