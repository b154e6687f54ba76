"""Services in a standby region: what is refused there, what the plan says, and what is promised."""

from collections.abc import Mapping

import pytest

from automation.day2.rotation_targets import target_of
from automation.stack.document import Stack, stack_of
from components.configuration import PLATFORM_KEY
from components.validation.parse import parse
from providers import limits, recovery
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.recovery_plan import Incident
from providers.contract.resource_traits import DATABASE_PASSWORD
from providers.gcp.naming import standby_starter_id
from providers.gcp.recovery.differences import has_dr_replica
from tests.gcp.plans import spec_of
from tests.gcp.test_warm import RECOVERY, STANDBY
from tests.planning import DROP, JOBS, production

SMALL: Mapping[str, object] = {"database.size": {"vcpu": 2, "memory_gib": 4}}
"""Size of the edition ENTERPRISE."""
REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a range that is too small": (
        {"network.standby_cidr": "10.60.0.0/24"},
        "network.standby_cidr: not supported on gcp: 10.60.0.0/24 is not between /8 and /20.",
    ),
    "a range of public addresses": (
        {"network.standby_cidr": "8.8.0.0/16"},
        "network.standby_cidr: not supported on gcp: 8.8.0.0/16 is not private.",
    ),
    "a private range for one region": (
        {"network.cidr": "10.64.0.0/20"},
        "network.cidr: not supported on gcp: the private range of a /20 is too small for database and cache in two regions, which share "
        "the network. Use /19 or a larger block.",
    ),
    "a region without the edition": (
        {"recovery": {"mode": "warm", "standby_region": "northamerica-south1"}},
        "recovery.standby_region: not supported on gcp: northamerica-south1 does not have db-perf-optimized-N-2 of the edition "
        "ENTERPRISE_PLUS, and a replica has those of its source. Use another region, or another database.size.",
    ),
    "logical decoding": (
        {"database.parameters": {"cloudsql.logical_decoding": True}},
        "database.parameters.cloudsql.logical_decoding: not supported on gcp: Cloud SQL neither switches over nor fails over an "
        "instance with it. Remove it.",
    ),
    "a region of AWS": (
        {"recovery": {"mode": "warm", "standby_region": "us-east-1"}},
        'recovery.standby_region: not supported on gcp: "us-east-1" is not a Google Cloud region with Cloud Run (did you mean us-east1).',
    ),
    "a service name that does not fit there": (
        {
            "recovery": {"mode": "warm", "standby_region": "northamerica-northeast1"},
            "services.a-service-with-a-long-one": {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "4" * 64},
        },
        "services.a-service-with-a-long-one: not supported on gcp: ",
    ),
    "no backups": (
        {"database.backup": {"retention_days": 0}, "database.high_availability": False},
        "database.backup.retention_days: 0 keeps no backup, which a replica and the copies of `recovery.mode: warm` need.",
    ),
    "overlapping ranges": (
        {"network.standby_cidr": "10.20.128.0/17"},
        "network.standby_cidr: 10.20.128.0/17 overlaps network.cidr (10.20.0.0/16).",
    ),
    "the home region": (
        {"recovery": {"mode": "warm", "standby_region": "us-central1"}},
        'recovery.standby_region: "us-central1" is the home region, and copies there would be lost with it.',
    ),
}


def problems(changed: Mapping[str, object]) -> list[str]:
    raw = production({"recovery": RECOVERY, **changed}, cloud="gcp")
    try:
        parse(raw, "prod")
    except InvalidConfiguration as invalid:
        return [str(each) for each in invalid.diagnostics]
    return []


@pytest.mark.parametrize(("changed", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_the_standby_region_cannot_have_is_refused_with_its_key(
    changed: Mapping[str, object], problem: str
) -> None:
    found = problems(changed)
    assert [line for line in found if line.startswith(problem)], found


ACCEPTED: Mapping[str, Mapping[str, object]] = {
    "the larger range": {"network.cidr": "10.64.0.0/19"},
    "a small range without a database": {
        "network.cidr": "10.64.0.0/20", "database": DROP, "cache": DROP,
        **{f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")},
    },
    "the edition of the other region too": {
        "recovery": {"mode": "warm", "standby_region": "northamerica-south1"}, **SMALL
    },
    "logical decoding without a replica for disaster recovery": {
        **SMALL, "database.parameters": {"cloudsql.logical_decoding": True}
    },
    "a long region with jobs": {"recovery": {"mode": "warm", "standby_region": "northamerica-northeast1"}, "jobs": JOBS},
}  # fmt: skip


@pytest.mark.parametrize("changed", ACCEPTED.values(), ids=ACCEPTED)
def test_the_other_side_of_each_bound_is_accepted(changed: Mapping[str, object]) -> None:
    assert problems(changed) == []


def notes(changed: Mapping[str, object]) -> list[str]:
    adjustments = limits("gcp").adjustments(spec_of({"recovery": RECOVERY, **changed}))
    texts = (str(note) for note in adjustments if note.key.startswith(("recovery", "network.egress", "database.high")))
    return [
        text for text in texts if not text.startswith(("network.egress: one Cloud NAT", "network.egress: only gateway"))
    ]


def test_the_plan_says_what_differs_there() -> None:
    assert notes({}) == [
        "recovery.mode: the database is exported to us-east1 every day at 07:00 UTC, without users and their passwords; Cloud SQL "
        "encrypts its backups with a key of the home region, so no copy of them could be read.",
        "recovery.mode: objects are copied to us-east1 every hour in their newest version, from the midnight (UTC) after the first "
        "update on; a deleted object keeps its copy.",
        "recovery.mode: `images push` copies images to us-east1; what is pushed in another way is not copied.",
        "recovery.mode: images of ghcr.io are not copied; services in us-east1 pull them from there.",
        "recovery.standby_replicas: worker and jobs do not run in the region that does not serve.",
        "recovery.mode: services in us-east1 read a replica, on which every write fails; set standby_replicas to 0 if a service "
        "cannot start without writing.",
        "recovery.mode: while us-east1 serves, no exports and drills are made, and the password of the database cannot be rotated.",
        "database.high_availability: a replica has no standby; a failover adds it to the promoted database, with a short "
        "interruption.",
        "recovery.mode: the cache of us-east1 is another one, without its data and with one node, whichever region serves.",
        "network.egress: us-east1 has one address of Cloud NAT, whichever region serves.",
    ]


def test_the_plan_says_that_the_smaller_edition_has_no_way_back() -> None:
    added = set(notes(SMALL)) - set(notes({}))
    assert [note for note in added if "replica again" in note] == [
        "recovery.mode: a failover promotes the replica, and Cloud SQL makes the old database no replica again: `failback` needs a "
        "database.size of the edition ENTERPRISE_PLUS."
    ]
    assert (
        has_dr_replica(spec_of({"recovery": RECOVERY})),
        has_dr_replica(spec_of({"recovery": RECOVERY, **SMALL})),
    ) == (
        True,
        False,
    )


@pytest.mark.parametrize(
    ("changed", "assumption"),
    [({}, "becomes a replica by itself"), (SMALL, "there is no way back"), (
        {"database": DROP, **{f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}},
        "only start more replicas",
    )],
)  # fmt: skip
def test_the_promise_is_that_of_the_edition(changed: Mapping[str, object], assumption: str) -> None:
    spec = spec_of({"recovery": RECOVERY, **changed})
    rows = [row for row in recovery("gcp").promises if row.failure is Incident.REGION and row.matches(spec)]
    assert assumption in rows[0].promise.assumption
    assert (rows[0].promise.rpo.minutes, rows[0].promise.rto.minutes) == (120, 30)


def test_every_part_of_the_cost_has_a_quantity_or_is_unknown() -> None:
    items = {item.what: (item.quantity, item.sku) for item in recovery("gcp").costs(spec_of({"recovery": RECOVERY}))}
    assert items["CPU of the replica of the database"] == (2 * 730, "sql.plus.zonal.vcpu")
    assert items["memory of the replica"] == (16 * 730, "sql.plus.zonal.memory")
    assert items["Cloud NAT in the standby region"] == (2 * 730, "nat.vm")
    assert {what for what, (quantity, _sku) in items.items() if not quantity} == {
        "exports of the database, one for each day",
        "logs, metrics and alarms in the standby region",
        "transfer between the regions",
    }
    none = spec_of({"recovery": {**RECOVERY, "standby_replicas": 0}})
    assert not [item for item in recovery("gcp").costs(none) if "CPU of gateway" in item.what]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (STANDBY, "prod-jobs-usea1"),
        ("northamerica-northeast2", "prod-jobs-nono2"),
        ("europe-west10", "prod-jobs-euwe10"),
    ],
)
def test_the_account_of_the_schedules_has_a_short_name(region: str, expected: str) -> None:
    assert standby_starter_id("prod", region) == expected


def test_a_service_with_the_name_of_that_account_is_refused() -> None:
    service = {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "4" * 64}
    found = problems({"jobs": JOBS, "services.jobs-usea1": service})
    assert found == [
        "services.jobs-usea1: jobs-usea1 is the name of the service account that starts scheduled jobs in us-east1. Rename the service."
    ]


def test_the_password_is_rotated_while_the_home_region_serves_alone() -> None:
    assert target_of(stack(""), DATABASE_PASSWORD).standby == STANDBY
    with pytest.raises(InvalidConfiguration) as refused:
        target_of(stack(STANDBY), DATABASE_PASSWORD)
    assert str(refused.value).endswith(
        f"{DATABASE_PASSWORD} on gcp: the user belongs to the instance of us-central1, which is a replica. Run `agent-platform failback "
        "prod` first."
    )


def stack(active: str) -> Stack:
    changed = {"recovery": {**RECOVERY, **({"active_region": active} if active else {})}}
    return stack_of("prod", {PLATFORM_KEY: production(changed, cloud="gcp")})
