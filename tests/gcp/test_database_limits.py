"""Backup and maintenance windows of Cloud SQL, and the standby without backups that it refuses."""

import pytest

from providers.contract.diagnostics import Effect, Unsupported
from providers.contract.spec import DatabaseSpec, MaintenanceSpec
from providers.contract.spec.data import BackupSpec, DatabaseSize
from providers.gcp.database.limits import day_number, start_hour
from providers.gcp.database.sizes import database_tier, log_days
from tests.gcp.plans import adjustments, diagnostics

ENTERPRISE_TIER = database_tier(DatabaseSize(vcpu=2, memory_gib=8), "us-central1")
MAINTENANCE_START = "database.maintenance.window_start"


@pytest.mark.parametrize(("day", "number"), [("monday", 1), ("thursday", 4), ("sunday", 7)])
def test_days_are_counted_from_monday(day: str, number: int) -> None:
    assert day_number(MaintenanceSpec.model_validate({"day": day})) == number


def test_maintenance_starts_on_the_hour() -> None:
    assert start_hour(MaintenanceSpec(window_start="23:30")) == 23
    changes = {"database.maintenance": {"day": "sunday", "window_start": "23:30"}}
    (adjustment,) = adjustments(changes)[MAINTENANCE_START]
    assert (adjustment.requested, adjustment.effect) == ("23:30", Effect.ADJUSTED)
    assert adjustment.reason == "the hour from 23:00 UTC; Cloud SQL maintenance starts on the hour"


def test_a_maintenance_window_on_the_hour_is_not_adjusted() -> None:
    assert MAINTENANCE_START not in adjustments()


def test_backups_start_within_four_hours() -> None:
    (adjustment,) = adjustments()["database.backup.window_start"]
    assert adjustment.effect == Effect.ADJUSTED
    assert "within 4 hours from 02:00 UTC" in adjustment.reason


def test_point_in_time_recovery_is_limited_by_the_edition() -> None:
    key, days = "database.backup.retention_days", {"database.backup.retention_days": 30}
    assert key not in adjustments(days)
    (adjustment,) = adjustments({**days, "database.size": {"vcpu": 2, "memory_gib": 8}})[key]
    assert (adjustment.requested, adjustment.effect) == (30, Effect.PARTIAL)
    assert "the last 7 days (edition ENTERPRISE)" in adjustment.reason
    assert log_days(DatabaseSpec(backup=BackupSpec(retention_days=30)), ENTERPRISE_TIER) == 7


def test_a_standby_without_backups_is_refused() -> None:
    risk = {"accept_risk": {"database.backup.retention_days": "tried out for a day"}}
    assert diagnostics({"database.backup.retention_days": 0, **risk}) == (
        Unsupported(
            "gcp",
            "database.high_availability",
            problem="a standby requires backups and point-in-time recovery",
            fix="set database.backup.retention_days to 1 or more, or high_availability to false",
        ),
    )
