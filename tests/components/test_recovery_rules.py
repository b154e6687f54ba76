"""Copies in a standby region that are refused on every cloud, one line each."""

from collections.abc import Mapping

import pytest

from tests.components.test_bad_input import messages
from tests.planning import DROP

COPIES: Mapping[str, object] = {"recovery.mode": "backup", "recovery.standby_region": "us-east-1"}
WARM: Mapping[str, object] = {"recovery.mode": "warm", "recovery.standby_region": "us-east-1"}
WITHOUT_DATABASE: Mapping[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
NO_ENTRY: Mapping[str, object] = {"services.gateway.path": DROP, "services.chat.path": DROP}
ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "copies in the home region": (
        {"recovery.mode": "backup", "recovery.standby_region": "us-west-2"},
        'recovery.standby_region: "us-west-2" is the home region, and copies there would be lost with it. Use another region.',
    ),
    "copies in no region": (
        {"recovery": {"mode": "backup"}},
        'recovery.mode: "backup" requires a standby region. Set recovery.standby_region or aws.standby_region.',
    ),
    "an automatic failover without a second region": (
        {**COPIES, "recovery.failover_timeout_minutes": 30},
        "recovery.failover_timeout_minutes: has no effect with `recovery.mode: backup`. Set recovery.mode to warm, or remove it.",
    ),
    "an automatic failover that has not enough time": (
        {**WARM, "recovery.failover_timeout_minutes": 9},
        "recovery.failover_timeout_minutes: 9 is too small. Use 10 or more.",
    ),
    "an automatic failover without an entry to check": (
        {**WARM, "recovery.failover_timeout_minutes": 30, **NO_ENTRY},
        "recovery.failover_timeout_minutes: no service is public, so a check cannot distinguish a lost region from an API that does "
        "not answer. Remove it, or set the path of a service.",
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
    "services in the home region": (
        {"recovery.mode": "warm", "recovery.standby_region": "us-west-2"},
        'recovery.standby_region: "us-west-2" is the home region, and copies there would be lost with it. Use another region.',
    ),
    "a replica without backups": (
        {
            **WARM,
            "database.backup": {"retention_days": 0},
            "accept_risk": {"database.backup.retention_days": "copied by hand"},
        },
        "database.backup.retention_days: 0 keeps no backup, which a replica and the copies of `recovery.mode: warm` need. Use 1 "
        "to 35.",
    ),
    "an active region without services": (
        {**COPIES, "recovery.active_region": "us-east-1"},
        "recovery.active_region: has no effect with `recovery.mode: backup`. Set recovery.mode to warm, or remove it.",
    ),
    "replicas without services": (
        {"recovery.standby_replicas": 2},
        "recovery.standby_replicas: has no effect with `recovery.mode: none`. Set recovery.mode to warm, or remove it.",
    ),
    "a range without services": (
        {**COPIES, "network.standby_cidr": "10.60.0.0/16"},
        "network.standby_cidr: has no effect with `recovery.mode: backup`. Set recovery.mode to warm, or remove it.",
    ),
    "a third active region": (
        {**WARM, "recovery.active_region": "us-east-2"},
        'recovery.active_region: "us-east-2" is neither the home region nor the standby region. Use us-west-2 or us-east-1.',
    ),
    "ranges that overlap": (
        {**WARM, "network.standby_cidr": "10.20.128.0/17"},
        "network.standby_cidr: 10.20.128.0/17 overlaps network.cidr (10.20.0.0/16). Use a range that network.cidr does not "
        "contain.",
    ),
    "no range after the last one": (
        {**WARM, "network.cidr": "255.255.0.0/16"},
        "network.standby_cidr: no range follows 255.255.0.0/16. Set it to a range that network.cidr does not contain.",
    ),
    "service named like the copies": (
        {**COPIES, "services.copies": {"app": "celery", "image": "ghcr.io/acme/copies@sha256:" + "4" * 64}},
        "services.copies: the platform uses this name itself (database, cache, storage, money, platform, copies, models and tokens are taken). "
        "Rename the service.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_key_problem_and_fix(changes: Mapping[str, object], message: str) -> None:
    assert messages(changes).count(message) == 1, messages(changes)
