"""Copies in a standby region that are refused on every cloud, one line each."""

from collections.abc import Mapping

import pytest

from tests.components.test_bad_input import messages
from tests.planning import DROP

COPIES: Mapping[str, object] = {"recovery.mode": "backup", "recovery.standby_region": "us-east-1"}
WITHOUT_DATABASE: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "copies in the home region": (
        {"recovery.mode": "backup", "recovery.standby_region": "us-west-2"},
        'recovery.standby_region: "us-west-2" is the home region, and copies there would be lost with it. Use another region.',
    ),
    "copies in no region": (
        {"recovery": {"mode": "backup"}},
        'recovery.mode: "backup" requires a standby region. Set recovery.standby_region or aws.standby_region.',
    ),
    "retention without copies": (
        {"recovery.retention_days": 14},
        "recovery.retention_days: has no effect with `recovery.mode: none`. Set recovery.mode to backup, or remove it.",
    ),
    "lock without copies": (
        {"recovery.lock": "governance"},
        "recovery.lock: has no effect with `recovery.mode: none`. Set recovery.mode to backup, or remove it.",
    ),
    "retention of no database": (
        {**COPIES, "recovery.retention_days": 14, "database": DROP, **WITHOUT_DATABASE},
        "recovery.retention_days: applies to copies of database backups, and the platform has no database. Remove it.",
    ),
    "copies kept for no day": (
        {**COPIES, "recovery.retention_days": 0},
        "recovery.retention_days: 0 is too small. Use 1 or more.",
    ),
    "copies kept too long": (
        {**COPIES, "recovery.retention_days": 36},
        "recovery.retention_days: 36 is too large. Use 35 or less.",
    ),
    "lock that nobody can remove": (
        {**COPIES, "recovery.lock": "compliance"},
        "recovery.lock: nobody, not even the cloud's support, can delete copies or shorten their retention. Use governance, "
        'or accept it by `accept_risk: {"recovery.lock": "<reason>"}`.',
    ),
    "permanent lock of a staging stack": (
        {**COPIES, "profile": "staging", "recovery.lock": "compliance"},
        'recovery.lock: "compliance" can never be removed, and a staging stack is deleted one day. Use governance.',
    ),
    "copies of objects without versions": (
        {**COPIES, "storage.versioning": False, "accept_risk": {"storage.versioning": "objects never change"}},
        "storage.versioning: false excludes copies of objects, which `recovery.mode: backup` requires. Set it to true.",
    ),
    "copies without backups": (
        {
            **COPIES,
            "database.backup": {"retention_days": 0},
            "accept_risk": {"database.backup.retention_days": "copied by hand"},
        },
        "database.backup.retention_days: 0 keeps no backup that `recovery.mode: backup` could copy. Use 1 to 35.",
    ),
    "service named like the copies": (
        {**COPIES, "services.copies": {"app": "celery", "image": "ghcr.io/acme/copies@sha256:" + "4" * 64}},
        "services.copies: the platform uses this name itself (database, cache, storage, money, platform and copies are taken). "
        "Rename the service.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_key_problem_and_fix(changes: Mapping[str, object], message: str) -> None:
    assert messages(changes).count(message) == 1, messages(changes)
