"""Standby locations that Azure refuses, servers that cannot have copies, and what the plan says about copies."""

from collections.abc import Mapping

import pytest

from providers import limits
from providers.azure.base import limits as locations
from providers.azure.recovery.limits import GEO_BACKUP
from tests.azure.plans import refusals, spec_of
from tests.azure.test_recovery import COPIES
from tests.planning import DROP

WITHOUT_DATABASE: dict[str, object] = {
    "database": DROP,
    **{f"services.{name}.uses": ["cache", "storage"] for name in ("gateway", "chat", "worker")},
}


def copies(home: str, standby: str, **recovery: object) -> dict[str, object]:
    return {"azure.location": home, "recovery": {"mode": "backup", "standby_region": standby, **recovery}}


REFUSED = {
    "a region of another cloud": (
        copies("eastus2", "us-east-1"),
        'recovery.standby_region: not supported on azure: "us-east-1" is no location of Azure. Set azure.standby_location '
        "to one, for example eastus2.",
    ),
    "a home location without geo-redundant backup": (
        copies("westus3", "eastus"),
        "recovery.mode: not supported on azure: Azure does not copy backups of PostgreSQL from westus3 to another location. "
        "Use warm, or deploy a new stack in a location with geo-redundant backup, such as eastus2 or northeurope.",
    ),
    "a home location without a pair": (
        copies("polandcentral", "westeurope"),
        "recovery.mode: not supported on azure: Azure does not copy backups of PostgreSQL from polandcentral to another "
        "location. Use warm, or deploy a new stack in a location with geo-redundant backup, such as eastus2 or northeurope.",
    ),
    "a standby location that is not the pair": (
        copies("eastus2", "westus"),
        "recovery.standby_region: not supported on azure: Azure copies backups of PostgreSQL from eastus2 to its pair only, "
        "and westus is not it. Use centralus, or the mode warm.",
    ),
    "a retention of less than the week between two backups": (
        copies("eastus2", "centralus", retention_days=6),
        "recovery.retention_days: not supported on azure: 6 days is less than the week from one backup in the vault to the "
        "next. Use 7 to 35.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_azure_cannot_copy_is_refused_in_words(changes: Mapping[str, object], message: str) -> None:
    assert [str(refusal) for refusal in refusals(changes) if refusal.key.startswith("recovery")] == [message]


@pytest.mark.parametrize(("home", "standby"), [("westus3", "northeurope"), ("polandcentral", "westeurope")])
def test_objects_and_secrets_may_be_copied_to_any_location(home: str, standby: str) -> None:
    assert refusals({**copies(home, standby), **WITHOUT_DATABASE}) == []


def test_the_pair_and_a_week_are_accepted() -> None:
    assert refusals(copies("eastus2", "centralus", retention_days=7)) == []


def test_every_location_has_a_pair_or_is_listed_without_one() -> None:
    known = locations.LOCATIONS_WITH_ZONES | locations.LOCATIONS_WITHOUT_ZONES
    assert set(locations.PAIRS) == known - locations.LOCATIONS_WITHOUT_PAIR
    one_direction = {home for home, pair in locations.PAIRS.items() if locations.PAIRS.get(pair) != home}
    assert one_direction == {
        "brazilsouth",
        "brazilsoutheast",
        "swedencentral",
        "westindia",
        "westus3",
    }


def test_a_server_must_have_been_created_with_geo_redundant_backup() -> None:
    assert GEO_BACKUP.required(spec_of(COPIES)) == "Enabled"
    assert GEO_BACKUP.required(spec_of()) is None
    assert GEO_BACKUP.required(spec_of({**copies("westus3", "northeurope"), **WITHOUT_DATABASE})) is None


def notes(changes: Mapping[str, object]) -> list[str]:
    return [str(note) for note in limits("azure").adjustments(spec_of(changes)) if note.key.startswith("recovery")]


def test_the_plan_says_what_is_not_copied_and_what_a_lock_means() -> None:
    assert notes(COPIES) == [
        "recovery.mode: the geo-redundant backup is chosen when the server is created: `agent-platform up` refuses a server "
        "without it; an alarm covers backups that fail in the vault, no event of Azure the copying between the locations.",
        "recovery.retention_days: the vault keeps one backup a week for 28 days; the geo-redundant backup is kept for the 7 "
        "days of database.backup.retention_days.",
        "recovery.mode: objects are copied to centralus without a promised time, as a rule within minutes; Azure Monitor has "
        "the metric PendingOperationsForReplication of the policy, and no alarm is declared on it.",
        "recovery.mode: `images push` copies images to centralus; what is pushed or imported in another way is not copied.",
        "recovery.mode: images of ghcr.io are not copied; a restore in centralus pulls them from there.",
        "recovery.lock: only a principal that may remove the lock can delete a backup in the vault before 28 days, so "
        "`destroy` fails until the last one ends; the geo-redundant backup has no lock.",
    ]
    permanent = {**copies("eastus2", "centralus", lock="compliance"), "accept_risk": {"recovery.lock": "the law"}}
    assert notes(permanent)[-1].endswith("the vault's lock can never be removed, not by Microsoft either.")


def test_without_copies_nothing_is_said() -> None:
    assert notes({}) == []
