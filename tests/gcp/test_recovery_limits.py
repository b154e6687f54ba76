"""Time of the export, standby regions that Google Cloud refuses, and what the plan says about copies."""

from collections.abc import Mapping

import pytest

from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import BackupSpec, MaintenanceSpec
from providers.gcp.cli import CLI
from providers.gcp.limits import LIMITS
from providers.gcp.recovery.schedule import export_hour, export_schedule
from tests.gcp.plans import diagnostics, error_keys, spec_of
from tests.gcp.test_recovery import COPIES, STANDBY


def database(backup: str, maintenance: str) -> DatabaseSpec:
    return DatabaseSpec(backup=BackupSpec(window_start=backup), maintenance=MaintenanceSpec(window_start=maintenance))


def test_an_export_starts_after_the_backup_window_and_has_hours_before_the_maintenance() -> None:
    for backup in range(24):
        for distance in range(2, 23):
            maintenance = (backup + distance) % 24
            hour = export_hour(database(f"{backup:02}:30", f"{maintenance:02}:00"))
            assert (hour - backup) % 24 > 4, "a backup may still start"
            assert (maintenance - hour) % 24 >= 4 or (hour - maintenance) % 24 > 1


def test_the_schedule_is_one_of_cron() -> None:
    assert export_schedule(database("02:30", "20:00")) == "0 7 * * *"


def test_a_region_of_another_cloud_is_refused() -> None:
    (refused,) = diagnostics({"recovery": {"mode": "backup", "standby_region": "us-east-1"}})
    assert str(refused) == (
        'recovery.standby_region: not supported on gcp: "us-east-1" is not a Google Cloud region with Cloud Run (did you mean '
        "us-east1). Set gcp.standby_region to one, for example us-east1."
    )


@pytest.mark.parametrize("region", ["us-central1", "mars-north1"])
def test_the_home_region_and_an_unknown_one_are_refused(region: str) -> None:
    assert error_keys({"recovery.mode": "backup", "gcp.standby_region": region}) == ["gcp.standby_region"]


def test_the_name_of_the_account_of_the_exports_is_taken() -> None:
    service = {"services.copies": {"app": "celery", "image": "ghcr.io/acme/copies@sha256:" + "5" * 64}}
    assert "services.copies" in error_keys({**COPIES, **service})
    assert "services.copies" not in error_keys(service)


def notes(changes: Mapping[str, object]) -> list[str]:
    return [str(note) for note in LIMITS.adjustments(spec_of(changes)) if note.key.startswith("recovery")]


def test_the_plan_says_what_is_copied_when_and_what_a_lock_means() -> None:
    exported, transferred, *images, locked = notes(COPIES)
    assert "exported to us-east1 every day at 07:00 UTC" in exported
    assert "every hour in their newest version" in transferred
    assert [note.partition(":")[0] for note in images] == ["recovery.mode"] * len(images)
    assert locked == (
        "recovery.lock: only a principal that may remove the lock can delete an export before 35 days, so `destroy` fails "
        "until the last one ends."
    )
    permanent = {"mode": "backup", "standby_region": STANDBY, "lock": "compliance", "retention_days": 7}
    accepted = {"recovery": permanent, "accept_risk": {"recovery.lock": "the law requires it"}}
    assert notes(accepted)[-1] == (
        "recovery.lock: nobody can delete an export before 7 days, so `destroy` fails until the last one ends; from the first "
        "update on the lock stays, and its 7 days can only grow."
    )


def test_without_copies_nothing_is_said() -> None:
    assert notes({}) == []


def test_the_standby_region_has_repositories_and_a_login_of_its_own() -> None:
    spec = spec_of({"recovery": {"mode": "backup", "standby_region": STANDBY}})
    assert CLI.standby_repositories(spec_of(), "prod") == {}
    home, standby = CLI.repositories(spec, "prod"), CLI.standby_repositories(spec, "prod")
    assert home and standby == {name: address.replace("us-central1", STANDBY) for name, address in home.items()}
    assert [command.arguments[-1] for command in CLI.registry_login(spec, "prod")] == [
        "https://us-central1-docker.pkg.dev",
        "https://us-east1-docker.pkg.dev",
    ]
