"""Schedules of jobs: fields, meaning, words, next times and pauses."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.schedule import (
    FIELDS,
    ScheduleError,
    changes_clock,
    explain,
    is_time_zone,
    longest_pause_minutes,
    next_runs,
    numbers,
    parse_schedule,
)
from providers.contract.spec import Job

DAY, WEEK = 24 * 60, 7 * 24 * 60


def job(schedule: str, time_zone: str = "UTC") -> Job:
    return Job(service="web", schedule=schedule, time_zone=time_zone, command=("report",))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("*/15 9-17 * * MON-FRI", "0,15,30,45 9-17 * * 1-5"),
        ("0 12 * * 7", "0 12 * * 0"),
        ("0 12 * * 5-7", "0 12 * * 0,5,6"),
        ("0 12 * * 0-7", "0 12 * * *"),
        ("5/20 0 1-31 JAN-DEC SUN", "5,25,45 0 * * 0"),
        ("0 0 29 feb *", "0 0 29 2 *"),
        ("0-59/30 */12 */10 * *", "0,30 0,12 1,11,21,31 * *"),
    ],
)
def test_every_notation_of_cron_becomes_numbers_lists_and_ranges(written: str, plain: str) -> None:
    assert parse_schedule(written).text == plain
    assert parse_schedule(plain) == parse_schedule(written)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("60 * * * *", "the field minute (60) is not valid"),
        ("0 24 * * *", "the field hour (24) is not valid"),
        ("0 0 0 * *", "the field day of month (0) is not valid"),
        ("0 0 * 13 *", "the field month (13) is not valid"),
        ("0 0 * * 8", "the field day of week (8) is not valid"),
        ("0 0 * * FRI-MON", "the field day of week (FRI-MON) is not valid"),
        ("0 0 ? * *", "the field day of month (?) is not valid"),
        ("*/0 * * * *", "the field minute (*/0) is not valid"),
        ("@daily * * * *", "the field minute (@daily) is not valid"),
        ("0 0 L * *", "the field day of month (L) has an extension that not every cloud knows"),
        ("0 0 * * 1#2", "the field day of week (1#2) has an extension that not every cloud knows"),
        ("0 0 30 2 *", "no date matches it"),
        ("0 0 31 4,6,9,11 *", "no date matches it"),
        ("0 0 */2 * 1", "cron would match the day of month and the day of week together, which no cloud can express"),
        ("0 0 13 * */2", "cron would match the day of month and the day of week together, which no cloud can express"),
    ],
)
def test_a_schedule_that_cron_or_a_cloud_does_not_know_is_refused(written: str, problem: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(written)
    assert caught.value.problem == problem and caught.value.fix


def test_both_day_fields_mean_either_as_in_cron() -> None:
    schedule = parse_schedule("0 0 13 * 5")
    assert schedule.either_day and not parse_schedule("0 0 13 * *").either_day
    assert [day for day in range(1, 29) if schedule.matches(datetime(2026, 11, day))] == [6, 13, 20, 27]
    assert schedule.matches(datetime(2026, 12, 13)) and not schedule.matches(datetime(2026, 12, 14))


def test_a_schedule_is_explained_with_its_zone_and_its_next_times() -> None:
    daily = job("30 3 * * *", "Europe/Berlin")
    assert explain(daily) == "At 03:30 every day (Europe/Berlin)"
    times = [time.isoformat() for time in next_runs(daily, datetime(2026, 3, 28, 8, tzinfo=UTC), 2)]
    assert times == ["2026-03-29T03:30:00+02:00", "2026-03-30T03:30:00+02:00"]


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("* * * * *", 1),
        ("*/15 * * * *", 15),
        ("0 3 * * *", DAY),
        ("0 3,4 * * *", DAY - 60),
        ("0 9-17 * * MON-FRI", 3 * DAY - 8 * 60),
        ("0 3 * * 0", WEEK),
        ("0 3 1 * *", 31 * DAY),
        ("0 0 29 2 *", 4 * 365 * DAY + DAY),
    ],
)
def test_the_longest_pause_is_that_between_two_runs(written: str, minutes: int) -> None:
    assert longest_pause_minutes(parse_schedule(written)) == minutes


def test_zones_are_those_of_the_iana_database() -> None:
    assert is_time_zone("Europe/Berlin") and not is_time_zone("Berlin") and not is_time_zone("CEST")
    assert changes_clock("America/New_York") and not changes_clock("UTC") and not changes_clock("Asia/Tokyo")


@given(st.data())
def test_numbers_are_written_so_that_cron_reads_the_same_ones(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(FIELDS) - 1))
    chosen = tuple(sorted(data.draw(st.sets(st.sampled_from(FIELDS[position][1]), min_size=1))))
    # a single restricted field, on days that exist
    fields = [numbers(chosen) if number == position else "*" for number in range(len(FIELDS))]
    schedule = parse_schedule(" ".join(fields))
    read = (schedule.minutes, schedule.hours, schedule.days, schedule.months, schedule.weekdays)[position]
    assert read == chosen
