"""Hours in which AWS Backup may start a snapshot of a database. Pure.

AWS Backup starts no snapshot of a database in its backup and maintenance windows, nor in the hour before them (AWS Backup
developer guide, "Creating backups", Amazon RDS, and "Amazon RDS backup limitations").
"""

from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import minutes_of

DAY_MINUTES = 24 * 60
HOUR_MINUTES = 60


def windows(database: DatabaseSpec) -> tuple[int, int]:
    """Starts of the one-hour windows of backup and maintenance, in minutes after midnight."""
    return minutes_of(database.backup.window_start), minutes_of(database.maintenance.window_start)


def may_start(database: DatabaseSpec, start: int) -> bool:
    """Return whether a snapshot may start in the hour from `start`, in minutes after midnight."""
    return all(is_free(start, window) for window in windows(database))


def is_free(start: int, window: int) -> bool:
    """Return whether the hour from `start` does not touch the hour from `window` and the one before it."""
    after = (start - (window - HOUR_MINUTES)) % DAY_MINUTES
    return 2 * HOUR_MINUTES <= after <= DAY_MINUTES - HOUR_MINUTES
