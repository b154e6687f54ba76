"""Backup and maintenance windows in the format of RDS, across midnight where necessary. Pure."""

from providers.contract.spec import MaintenanceSpec

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_MINUTES = 24 * 60
HOUR_MINUTES = 60


def daily_window(start: str) -> str:
    """Window of one hour from `start` every day: `02:00-03:00`, `23:30-00:30`."""
    return f"{start}-{_clock((_minutes(start) + HOUR_MINUTES) % DAY_MINUTES)}"


def weekly_window(maintenance: MaintenanceSpec) -> str:
    """Window of one hour a week: `sun:04:00-sun:05:00`, `sun:23:30-mon:00:30`."""
    end = _minutes(maintenance.window_start) + HOUR_MINUTES
    first = DAYS.index(maintenance.day)
    last = (first + end // DAY_MINUTES) % len(DAYS)
    return f"{DAYS[first][:3]}:{maintenance.window_start}-{DAYS[last][:3]}:{_clock(end % DAY_MINUTES)}"


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * HOUR_MINUTES + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // HOUR_MINUTES:02}:{minutes % HOUR_MINUTES:02}"
