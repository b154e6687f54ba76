"""Time of the copied snapshot, standby regions that AWS refuses, and what the plan says about copies."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers import limits
from providers.aws.recovery.schedule import snapshot_minute, snapshot_schedule
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import BackupSpec, MaintenanceSpec
from tests.aws.plans import spec_of
from tests.aws.test_recovery import COPIES, HOME, STANDBY
from tests.planning import production


def database(backup: str, maintenance: str) -> DatabaseSpec:
    return DatabaseSpec(backup=BackupSpec(window_start=backup), maintenance=MaintenanceSpec(window_start=maintenance))


def test_a_snapshot_never_starts_near_a_window() -> None:
    for backup in range(0, 24 * 60, 180):
        for distance_minutes in range(60, 24 * 60 - 59, 15):
            maintenance = (backup + distance_minutes) % 1440
            windows = [f"{minute // 60:02}:{minute % 60:02}" for minute in (backup, maintenance)]
            start = snapshot_minute(database(*windows))
            for window in (backup, maintenance):
                # the job starts within an hour of its time, at least an hour before a window and not during it
                assert (start - window) % 1440 >= 60
                assert (window - start) % 1440 >= 120


def test_the_schedule_is_one_of_aws_backup() -> None:
    assert snapshot_schedule(database("02:30", "20:00")) == "cron(30 4 ? * * *)"


REFUSED = {
    "a region of Google Cloud": ("us-east1", HOME, '"us-east1" is no region of AWS'),
    "another partition": ("cn-north-1", HOME, "cn-north-1 is in the partition China and us-west-2 in commercial"),
    "the government's partition": (
        "us-gov-west-1",
        HOME,
        "us-gov-west-1 is in the partition AWS GovCloud (US) and us-west-2 in commercial",
    ),
}


@pytest.mark.parametrize(("standby", "home", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_standby_region_that_aws_cannot_copy_to_is_refused(standby: str, home: str, problem: str) -> None:
    changes = {"recovery": {"mode": "backup", "standby_region": standby}, "aws.region": home}
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production(changes, cloud="aws"), "prod")
        raise InvalidConfiguration(limits("aws").refusals(spec_of(changes), "prod"))
    assert any(
        f"recovery.standby_region: not supported on aws: {problem}." in str(d) for d in invalid.value.diagnostics
    )


def test_a_region_of_the_same_partition_is_accepted() -> None:
    changes = {"recovery": {"mode": "backup", "standby_region": "cn-north-1"}, "aws.region": "cn-northwest-1"}
    refusals = limits("aws").refusals(spec_of(changes), "prod")
    assert not [refusal for refusal in refusals if "standby" in refusal.key]


def notes(changes: Mapping[str, object]) -> list[str]:
    spec = spec_of(changes)
    return [str(note) for note in limits("aws").adjustments(spec) if note.key.startswith("recovery")]


def test_the_plan_says_what_is_not_copied_and_what_a_lock_means() -> None:
    assert notes(COPIES) == [
        "recovery.mode: objects are copied to us-east-1 from the first update on; S3 Batch Replication copies those that the "
        "bucket had before.",
        "recovery.mode: `images push` copies images to us-east-1; what is pushed in another way is not copied.",
        "recovery.mode: images of ghcr.io are not copied; a restore in us-east-1 pulls them from there.",
        "recovery.lock: only a principal that may remove the lock can delete a copy before 35 days, so `destroy` fails until "
        "the last one ends.",
    ]
    permanent = {"mode": "backup", "standby_region": STANDBY, "lock": "compliance", "retention_days": 7}
    accepted = {"recovery": permanent, "accept_risk": {"recovery.lock": "the law requires it"}}
    assert notes(accepted)[-1] == (
        "recovery.lock: nobody can delete a copy before 7 days, so `destroy` fails until the last one ends; 3 days after the "
        "update neither the lock nor its 7 days can change."
    )


def test_without_copies_nothing_is_said() -> None:
    assert notes({}) == []
