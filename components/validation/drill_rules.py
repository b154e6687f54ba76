"""Rules over the restore drill: its database, backups, schedule and the age above which its alarm fires."""

from collections.abc import Iterator

from components.validation.job_rules import schedule_error
from providers.contract.diagnostics import ConfigError
from providers.contract.drill import KEY, drill_schedule, shortest_max_age_days
from providers.contract.schedule import DAY_MINUTES, longest_pause_minutes
from providers.contract.spec import Platform


def check_drill_backups(spec: Platform) -> Iterator[ConfigError]:
    """Require a database with backups, which a drill restores."""
    if spec.recovery.drill is None:
        return
    if spec.database is None:
        yield ConfigError(KEY, "the platform has no database to restore", "add `database`, or remove the drill")
    elif spec.database.backup.retention_days == 0:
        problem = "database.backup.retention_days is 0, so there is no backup to restore"
        yield ConfigError(KEY, problem, "set it to 1 or more, or remove the drill")


def check_drill_schedule(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a schedule that is not cron's, and one with longer pauses than the age that the alarm accepts."""
    drill = spec.recovery.drill
    if drill is None:
        return
    error = schedule_error(f"{KEY}.schedule", drill.schedule)
    if error is not None:
        yield error
        return
    schedule = drill_schedule(drill)
    shortest = shortest_max_age_days(schedule)
    if drill.max_age_days < shortest:
        days = longest_pause_minutes(schedule) / DAY_MINUTES
        problem = f'{drill.max_age_days} is less than the longest pause of "{drill.schedule}", {days:g} days'
        yield ConfigError(f"{KEY}.max_age_days", problem, f"use {shortest} or more, or a schedule with shorter pauses")


def is_consistent_drill(spec: Platform) -> bool:
    """Return whether the rules above accept the drill."""
    return not any(True for check in (check_drill_backups, check_drill_schedule) for _ in check(spec))
