"""Backup and maintenance windows."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.database.resources import DAYS, daily_window, weekly_window
from providers.contract.spec import MaintenanceSpec


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


clocks = st.integers(0, 24 * 60 - 1).map(clock)


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


@given(clocks)
def test_a_daily_window_lasts_an_hour(start: str) -> None:
    first, last = daily_window(start).split("-")
    assert (minutes(last) - minutes(first)) % (24 * 60) == 60


@given(clocks, st.sampled_from(DAYS))
def test_a_weekly_window_lasts_an_hour(start: str, day: str) -> None:
    first, last = weekly_window(MaintenanceSpec.model_validate({"day": day, "window_start": start})).split("-")
    week = {name[:3]: number * 24 * 60 for number, name in enumerate(DAYS)}
    begin, end = (week[text[:3]] + minutes(text[4:]) for text in (first, last))
    assert (end - begin) % (7 * 24 * 60) == 60


@pytest.mark.parametrize(
    ("day", "start", "window"),
    [
        ("sunday", "04:00", "sun:04:00-sun:05:00"),
        ("sunday", "23:30", "sun:23:30-mon:00:30"),
        ("monday", "23:00", "mon:23:00-tue:00:00"),
    ],
)
def test_a_weekly_window_crosses_midnight_and_the_end_of_the_week(
    day: Literal["sunday", "monday"], start: str, window: str
) -> None:
    assert weekly_window(MaintenanceSpec(day=day, window_start=start)) == window
