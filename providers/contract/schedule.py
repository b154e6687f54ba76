"""Schedules of jobs: the five fields of cron as sets, in words, and their next times. Pure.

Fields are those of crontab(5): numbers, ranges, lists, steps, and names of months and weekdays. The clouds accept different
dialects (7 for Sunday, steps, names, a question mark), so each receives the sets in its own notation and none the text of
the stack file. A schedule that restricts both day fields is one that cron matches on either day; with a field such as `*/2`
cron matches on both instead, which no cloud can express.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from providers.contract.spec.job import Job

MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS = range(60), range(24), range(1, 32), range(1, 13), range(7)
FIELDS = (("minute", MINUTES), ("hour", HOURS), ("day of month", DAYS), ("month", MONTHS), ("day of week", WEEKDAYS))
"""Name and values of each field; Sunday is 0."""
DAY_MINUTES = 24 * 60
FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2032, 12, 31)
"""Days over which pauses are measured: they include three leap days."""
SHORTEST_RANGE = 3
"""Consecutive values that are written as a range; fewer are listed."""


class ScheduleError(ValueError):
    """Schedule that is not valid; `problem` is a lower-case clause and `fix` an imperative one."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem, self.fix = problem, fix
        super().__init__(problem)


@dataclass(frozen=True)
class Schedule:
    """Values of each field in ascending order; a field without restriction has all of them."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    @property
    def either_day(self) -> bool:
        """True when both day fields are restricted, so that a day matches by one of them."""
        return len(self.days) < len(DAYS) and len(self.weekdays) < len(WEEKDAYS)

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields with numbers, lists and ranges only: `*` for all values, 0 for Sunday."""
        values = (self.minutes, self.hours, self.days, self.months, self.weekdays)
        return tuple(
            "*" if len(chosen) == len(every) else numbers(chosen)
            for chosen, (_, every) in zip(values, FIELDS, strict=True)
        )

    @property
    def text(self) -> str:
        """Five fields separated by spaces, which every dialect of cron reads in the same way."""
        return " ".join(self.fields)

    def matches(self, day: date) -> bool:
        """Return whether the schedule has a time on a day."""
        in_days, in_weekdays = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((in_days or in_weekdays) if self.either_day else in_days and in_weekdays)


def parse_schedule(text: str) -> Schedule:
    """Return the sets of a schedule; raises ScheduleError."""
    fields = text.split()
    values = tuple(_values(number, field) for number, field in enumerate(fields))
    if len(values) != len(FIELDS):
        raise ScheduleError("it has no five fields", "use minute, hour, day of month, month and day of week")
    schedule = Schedule(*values)
    if schedule.either_day and (fields[2].startswith("*") or fields[4].startswith("*")):
        raise ScheduleError(
            "cron would match the day of month and the day of week together, which no cloud can express",
            "list the days of the month, or use one of the two fields",
        )
    if not any(schedule.matches(day) for day in _days()):
        raise ScheduleError("no date matches it", "use a day that one of its months has")
    return schedule


def schedule_of(job: Job) -> Schedule:
    """Return the sets of a job's schedule, which was checked."""
    return parse_schedule(job.schedule)


def explain(job: Job) -> str:
    """Return the schedule in words: `At 03:00 every day (Europe/Berlin)`."""
    return f"{CronSim(job.schedule, datetime(2026, 1, 1, tzinfo=UTC)).explain()} ({job.time_zone})"


def next_runs(job: Job, now: datetime, count: int) -> tuple[datetime, ...]:
    """Return the next times of a job after `now`, in its time zone."""
    return tuple(islice(_simulated(job, now), count))


def is_time_zone(name: str) -> bool:
    """Return whether the IANA database has a time zone."""
    return name in available_timezones()


def changes_clock(name: str) -> bool:
    """Return whether a time zone has had daylight saving time in the year before the first measured day, or since."""
    zone = ZoneInfo(name)
    return len({zone.utcoffset(datetime(2026, month, 1, 12)) for month in MONTHS}) > 1


def longest_pause_minutes(schedule: Schedule) -> int:
    """Return the longest time between two runs, in minutes of a clock without daylight saving time."""
    times = sorted(hour * 60 + minute for hour in schedule.hours for minute in schedule.minutes)
    within = max((later - earlier for earlier, later in pairwise(times)), default=0)
    days = [day for day in _days() if schedule.matches(day)]
    nights = ((later - earlier).days * DAY_MINUTES + times[0] - times[-1] for earlier, later in pairwise(days))
    return max((within, *nights))


def numbers(values: Iterable[int]) -> str:
    """Return ascending numbers as cron has them: `0,15,30,45`, `1-5`, `0-2,7`."""
    runs = ([value for _, value in run] for _, run in groupby(enumerate(values), key=lambda item: item[1] - item[0]))
    return ",".join(
        f"{run[0]}-{run[-1]}" if len(run) >= SHORTEST_RANGE else ",".join(str(value) for value in run) for run in runs
    )


def _values(number: int, field: str) -> tuple[int, ...]:
    """Return the values of one field; the others match always."""
    name, every = FIELDS[number] if number < len(FIELDS) else ("sixth", range(0))
    alone = " ".join(field if number == other else "*" for other in range(len(FIELDS)))
    fix = f"use numbers from {every.start} to {every.stop - 1}, `*`, ranges, lists and steps"
    try:
        parsed = CronSim(alone, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        raise ScheduleError(f"the field {name} ({field}) is not valid", fix) from None
    values = (parsed.minutes, parsed.hours, parsed.days, parsed.months, parsed.weekdays)[number]
    # `L`, `LW` and `5#2` are negative numbers and pairs; only AWS has them
    if not all(isinstance(value, int) and value >= 0 for value in values):
        raise ScheduleError(f"the field {name} ({field}) has an extension that not every cloud knows", fix)
    plain = (value for value in values if isinstance(value, int))
    return tuple(sorted({value % 7 for value in plain} if every is WEEKDAYS else set(plain)))


def _simulated(job: Job, now: datetime) -> CronSim:
    return CronSim(schedule_of(job).text, now.astimezone(ZoneInfo(job.time_zone)))


def _days() -> Iterator[date]:
    return (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))
