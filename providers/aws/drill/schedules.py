"""Hour of the daily snapshot: before the drill, and outside the windows in which AWS Backup takes none. Pure."""

from providers.aws.database.windows import DAY_MINUTES, HOUR_MINUTES, may_start
from providers.contract.schedule import Schedule
from providers.contract.spec import DatabaseSpec

START_MINUTES, COMPLETION_MINUTES = 60, 240
"""A snapshot starts within an hour, the shortest window, and is incremental."""
SHORTEST_LEAD_MINUTES = 180
"""Least time from the snapshot's schedule to the drill."""


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
    return next(start for start in starts if may_start(database, start))
