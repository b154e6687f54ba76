"""Hour of the daily snapshot: before the drill, and outside the windows in which AWS Backup takes none. Pure.

AWS Backup starts no snapshot of a database in its backup and maintenance windows, nor in the hour before them (AWS Backup
developer guide, "Creating backups", Amazon RDS).
"""

from providers.contract.schedule import DAY_MINUTES, Schedule
from providers.contract.spec import DatabaseSpec

START_MINUTES, COMPLETION_MINUTES = 60, 240
"""A snapshot starts within an hour, the shortest window, and is incremental."""
SHORTEST_LEAD_MINUTES = 180
"""Least time from the snapshot's schedule to the drill."""
HOUR_MINUTES = 60


def snapshot_expression(database: DatabaseSpec, drill: Schedule) -> str:
    """Daily time in UTC as EventBridge has it: `cron(0 0 * * ? *)`."""
    minutes = snapshot_minutes(database, drill)
    return f"cron({minutes % HOUR_MINUTES} {minutes // HOUR_MINUTES} * * ? *)"


def snapshot_minutes(database: DatabaseSpec, drill: Schedule) -> int:
    """Minutes after midnight of the latest free hour before the first drill of a day."""
    first = drill.hours[0] * HOUR_MINUTES + drill.minutes[0]
    starts = (
        (first - lead) % DAY_MINUTES for lead in range(SHORTEST_LEAD_MINUTES, SHORTEST_LEAD_MINUTES + DAY_MINUTES, 30)
    )
    # the two windows with the hours before them are closed for four hours at most, and a start needs one
    return next(start for start in starts if all(is_free(start, window) for window in windows(database)))


def windows(database: DatabaseSpec) -> tuple[int, int]:
    """Starts of the one-hour windows of backup and maintenance, in minutes after midnight."""
    return _minutes(database.backup.window_start), _minutes(database.maintenance.window_start)


def is_free(start: int, window: int) -> bool:
    """Return whether the hour from `start` does not touch the hour from `window` and the one before it."""
    after = (start - (window - HOUR_MINUTES)) % DAY_MINUTES
    return 2 * HOUR_MINUTES <= after <= DAY_MINUTES - HOUR_MINUTES


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * HOUR_MINUTES + int(minutes)
