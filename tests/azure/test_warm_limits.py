"""Services in a standby location: what is refused there, and what the plan says."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers import limits
from providers.azure.import_ids import IMPORT_TABLE
from providers.azure.recovery.limits import required_geo_backup
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.region_specs import standby_cidr, standby_spec
from tests.azure.plans import spec_of
from tests.azure.warm_plans import HOME, RECOVERY, STANDBY
from tests.planning import DRILL, production

REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a server that has no replicas": (
        {"database.high_availability": False, "database.size": {"vcpu": 2, "memory_gib": 8}, "profile": "staging"},
        "database.size: not supported on azure: Standard_B2ms is of the tier Burstable, which has no replicas. Set "
        "database.high_availability to true, or use more than 4 vCPU or 16 GiB.",
    ),
    "a location without zones": (
        {"recovery": {**RECOVERY, "standby_region": "westus"}},
        "recovery.standby_region: not supported on azure: westus has no availability zones and network.zones is 3.",
    ),
    "a range that is too small": (
        {"network.standby_cidr": "10.60.0.0/24"},
        "network.standby_cidr: not supported on azure: 10.60.0.0/24 has the prefix length 24.",
    ),
    "a range of public addresses": (
        {"network.standby_cidr": "8.8.0.0/16"},
        "network.standby_cidr: not supported on azure: 8.8.0.0/16 contains public addresses.",
    ),
    "a range that overlaps": (
        {"network.standby_cidr": "10.20.128.0/17"},
        "network.standby_cidr: 10.20.128.0/17 overlaps network.cidr (10.20.0.0/16).",
    ),
    "a region of AWS": (
        {"recovery": {**RECOVERY, "standby_region": "us-east-1"}},
        'recovery.standby_region: not supported on azure: "us-east-1" is no location of Azure.',
    ),
    "the home location": (
        {"recovery": {**RECOVERY, "standby_region": HOME}},
        'recovery.standby_region: "westus3" is the home region, and copies there would be lost with it.',
    ),
    "backups of less than a week": (
        {"database.backup.retention_days": 3},
        "database.backup.retention_days: not supported on azure: 3 days is below the minimum; backups cannot be disabled.",
    ),
}


@pytest.mark.parametrize(("changed", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_the_standby_location_cannot_have_is_refused_with_its_key(
    changed: Mapping[str, object], problem: str
) -> None:
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production({"recovery": RECOVERY, **changed}, cloud="azure"), "prod")
    found = [str(each) for each in invalid.value.diagnostics]
    assert [line for line in found if line.startswith(problem)], found


def test_a_location_without_geo_redundant_backup_and_any_other_location_are_accepted() -> None:
    """A replica needs no pair: westus3 has no geo-redundant backup, and northeurope is not its pair."""
    for region in (STANDBY, "northeurope"):
        spec = parse(production({"recovery": {**RECOVERY, "standby_region": region}}, cloud="azure"), "prod")
        assert required_geo_backup(spec) is None


def test_the_plan_says_what_differs_there() -> None:
    recovery = {**RECOVERY, "drill": DRILL}
    changed = {"recovery": recovery, "azure.network_watcher": "ops/watcher"}
    notes = [
        str(note)
        for note in limits("azure").adjustments(spec_of(changed))
        if "recovery" in note.key or STANDBY in str(note)
    ]
    assert [note for note in notes if STANDBY in note or "location" in note or "virtual endpoint" in note] == [
        "recovery.mode: services in eastus read a replica, on which every write fails; set standby_replicas to 0 if a service "
        "cannot start without writing.",
        "recovery.mode: `agent-platform up` creates the virtual endpoint that a switchover requires, after the update with az; Azure "
        "gives a server that began as a replica no geo-redundant backup, and changes the major version of no server with a replica.",
        "recovery.retention_days: a vault in westus3 keeps one backup a week of the server there for 35 days; while eastus serves, "
        "none is taken there.",
        "recovery.drill: no drill starts by its schedule while eastus serves: Azure restores no server to a time at which it was a "
        "replica.",
        "recovery.mode: objects are copied from the location that serves to the other one without a promised time, as a rule within "
        "minutes; `agent-platform up` sets the direction after the update with az, and `pulumi up` alone does not.",
        "recovery.mode: `images push` copies images to eastus; what is pushed or imported in another way is not copied.",
        "recovery.mode: images of ghcr.io are not copied; services in eastus pull them from there.",
        "recovery.standby_replicas: worker and jobs do not run in the location that does not serve.",
        "recovery.mode: the cache of eastus is another one, without its data, and has one node in either role.",
        "azure.network_watcher: flow logs in eastus use the watcher that Azure creates there.",
        "recovery.mode: Front Door is in the resource group of westus3: if Azure cannot change resources of that group while the "
        "location is lost, requests move when it can.",
    ]


def test_each_location_has_the_range_of_the_other_one_and_no_watcher_of_home() -> None:
    spec = spec_of({"recovery": RECOVERY, "azure.network_watcher": "ops/watcher"})
    there = standby_spec(spec)
    assert (standby_cidr(spec), standby_cidr(there)) == (there.network.cidr, spec.network.cidr)
    assert there.azure is not None and (there.azure.location, there.azure.network_watcher) == (STANDBY, None)


@pytest.mark.parametrize(
    ("group", "region"),
    [("prod-agents-eastus", "eastus"), ("prod-agents-westus3-drill", "westus3"), ("NetworkWatcherRG", ""), ("dns", "")],
)
def test_a_found_object_belongs_to_the_location_of_its_group(group: str, region: str) -> None:
    address = f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.App/containerApps/prod-chat"
    assert IMPORT_TABLE.region_of(address) == region


@pytest.mark.parametrize(("minutes", "shown"), [(30, True), (None, False)])
def test_addresses_do_not_receive_the_notices_of_an_automatic_failover(minutes: int | None, shown: bool) -> None:
    recovery = {**RECOVERY, **({"failover_timeout_minutes": minutes} if minutes else {})}
    spec = spec_of({"recovery": recovery, "monitoring.emails": ["ops@example.com"]})
    assert shown is ("monitoring.emails" in {each.key for each in limits("azure").adjustments(spec)})
