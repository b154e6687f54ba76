"""Resources that get the role of a region, on every cloud: the entry is none of them, and nothing of the home region depends on them."""

from collections.abc import Iterator, Mapping

import pytest

from automation.failover.role_targets import ENTRY, role_targets
from automation.plan.inventory import Declared, Inventory
from automation.urn import Urn
from tests.warm_plans import warm_production

REGIONS: Mapping[str, tuple[str, str]] = {
    "aws": ("us-west-2", "us-east-1"),
    "gcp": ("us-central1", "us-east1"),
    "azure": ("westus3", "eastus"),
}
"""Home and standby region by cloud."""


def plans(cloud: str) -> dict[str, Inventory]:
    """Return the plan of production for each region that serves."""
    recovery = {"mode": "warm", "standby_region": REGIONS[cloud][1]}
    return {region: warm_production(cloud, recovery, active=region, jobs=True) for region in REGIONS[cloud]}


def targets(cloud: str, region: str, *, entry: bool) -> tuple[Urn, ...]:
    found = plans(cloud)
    (other,) = found.keys() - {region}
    return role_targets(found[other], found[region], f"prod-{region}", entry=entry)


def dependents(inventory: Inventory, names: set[tuple[str, str]]) -> Iterator[Declared]:
    """Yield what depends on resources with these types and names, directly or through others."""
    known = {each.urn for each in inventory.resources if (each.type, each.name) in names}
    while found := [
        each for each in inventory.resources if each.urn not in known and known.intersection(each.depends_on)
    ]:
        known.update(each.urn for each in found)
        yield from found


@pytest.mark.long(reason="plans both regions several times")
@pytest.mark.parametrize("cloud", REGIONS)
def test_requests_are_led_to_a_region_by_no_update_of_it_alone(cloud: str) -> None:
    for region in REGIONS[cloud]:
        kinds = {urn.split("$")[-2].rpartition(":")[2] for urn in targets(cloud, region, entry=False)}
        assert kinds and ENTRY not in kinds
    # the entry belongs to the home region, and follows by a command and by the update of the whole stack
    every = {urn.split("$")[-2].rpartition(":")[2] for urn in targets(cloud, REGIONS[cloud][0], entry=True)}
    assert ENTRY in every


@pytest.mark.parametrize("cloud", REGIONS)
def test_nothing_of_the_home_region_depends_on_what_the_standby_region_changes_to_serve(cloud: str) -> None:
    """The engine deletes a dependent of a target that the update of one region does not declare."""
    home, standby = REGIONS[cloud]
    changed = {(urn.type, urn.name) for urn in targets(cloud, standby, entry=False)}
    found = list(dependents(plans(cloud)[home], changed))
    assert found
    assert [each.name for each in found if Urn.of_provider(each.provider).name != f"prod-{standby}"] == []
