"""Hours of backup and maintenance."""

import pytest

from providers.contract.spec import MaintenanceSpec
from providers.gcp.database.windows import day_number, full_hour
from tests.gcp.asked import approximated


@pytest.mark.parametrize(("day", "number"), [("monday", 1), ("thursday", 4), ("sunday", 7)])
def test_days_are_counted_from_monday(day: str, number: int) -> None:
    assert day_number(MaintenanceSpec.model_validate({"day": day})) == number


def test_maintenance_begins_on_the_hour() -> None:
    assert full_hour(MaintenanceSpec(window_start="23:30")) == 23
    given = approximated({"database.maintenance": {"day": "sunday", "window_start": "23:30"}})
    assert given["database.maintenance.window_start"] == [
        "the hour from 23:00 UTC: Cloud SQL's maintenance begins on the hour"
    ]


def test_a_full_hour_is_what_was_asked() -> None:
    assert "database.maintenance.window_start" not in approximated()


def test_backups_are_told_to_begin_within_four_hours() -> None:
    assert "within the 4 hours from 02:00 UTC" in approximated()["database.backup.window_start"][0]
