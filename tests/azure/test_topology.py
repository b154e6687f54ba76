"""Addresses, security rules, locations, and the network settings that Azure refuses or adjusts."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.base.limits import (
    LOCATIONS_WITH_ZONES,
    LOCATIONS_WITHOUT_PAIR,
    LOCATIONS_WITHOUT_ZONES,
    geo_backup,
    storage_redundancy,
)
from providers.azure.network.cidr import RESERVED_BLOCKS, AzureAddressPlan, address_plan, cidr_fault, max_replicas
from providers.azure.network.flows import DENY_PRIORITY, Subnet, security_rules
from providers.contract.diagnostics import Effect
from tests.azure.plans import adjustments, context_of, error_keys, refusals, spec_of

SUBNETS: tuple[Subnet, ...] = ("apps", "database", "endpoints")


@st.composite
def plans(draw: st.DrawFn) -> AzureAddressPlan:
    prefix = draw(st.integers(8, 20))
    index = draw(st.integers(0, 2 ** (prefix - 8) - 1))
    return AzureAddressPlan(
        IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + (index << (32 - prefix)), prefix))
    )


@given(plans())
def test_subnets_do_not_overlap_and_are_in_the_network(plan: AzureAddressPlan) -> None:
    subnets = (plan.apps, plan.database, plan.endpoints)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    assert all(subnet.subnet_of(plan.network) for subnet in subnets)


@given(plans())
def test_every_subnet_is_large_enough(plan: AzureAddressPlan) -> None:
    assert plan.apps.prefixlen <= 24
    assert plan.database.prefixlen <= 28
    assert plan.endpoints.prefixlen <= 26


def test_a_subnet_of_256_addresses_runs_1210_replicas_during_a_rollout() -> None:
    assert max_replicas(IPv4Network("10.0.0.0/24")) == 1210


@pytest.mark.parametrize(
    ("cidr", "text"),
    [
        ("10.0.0.0/21", "use a block of /8 to /20"),
        ("8.0.0.0/16", "public addresses"),
        ("172.30.0.0/16", "172.30.0.0/16"),
    ],
)
def test_a_block_that_cannot_be_divided_has_a_fault(cidr: str, text: str) -> None:
    assert text in " ".join(cidr_fault(cidr) or ())
    with pytest.raises(ValueError, match=cidr.replace(".", r"\.")):
        address_plan(cidr)
    assert error_keys({"network.cidr": cidr}) == ["network.cidr"]


@given(plans())
def test_the_apps_subnet_never_overlaps_reserved_blocks(plan: AzureAddressPlan) -> None:
    if not cidr_fault(str(plan.network)):
        assert not any(plan.apps.overlaps(block) for block in RESERVED_BLOCKS)


@pytest.mark.parametrize("subnet", SUBNETS)
def test_priorities_are_distinct_in_each_direction_and_denials_come_last(subnet: Subnet) -> None:
    rules = security_rules(spec_of(), address_plan("10.0.0.0/16"), subnet)
    for direction in ("Inbound", "Outbound"):
        priorities = [rule.priority for rule in rules if rule.direction == direction]
        assert len(priorities) == len(set(priorities))
        assert max(priorities) == DENY_PRIORITY
    assert {rule.access for rule in rules if rule.priority == DENY_PRIORITY} == {"Deny"}


def test_the_tables_of_locations_are_consistent() -> None:
    assert not LOCATIONS_WITH_ZONES & LOCATIONS_WITHOUT_ZONES
    assert LOCATIONS_WITHOUT_PAIR <= LOCATIONS_WITH_ZONES


@pytest.mark.parametrize(
    ("changes", "sku"),
    [
        ({}, "Standard_GZRS"),
        ({"azure.location": "polandcentral"}, "Standard_ZRS"),
        ({"profile": "staging"}, "Standard_ZRS"),
        ({"network.zones": 1, "azure.location": "westus"}, "Standard_GRS"),
        ({"network.zones": 1, "profile": "development"}, "Standard_LRS"),
    ],
)
def test_storage_redundancy_depends_on_location_and_profile(changes: dict[str, object], sku: str) -> None:
    assert storage_redundancy(context_of(changes)) == sku


def test_backups_are_geo_redundant_in_production_where_available() -> None:
    own_keys = {"azure.customer_managed_keys": False}
    assert geo_backup(context_of({"azure.location": "eastus2", **own_keys}))
    assert not geo_backup(context_of({"azure.location": "eastus2", **own_keys, "profile": "staging"}))
    assert not geo_backup(context_of({"azure.location": "westus3", **own_keys}))
    assert not geo_backup(context_of({"azure.location": "eastus2"})), "there is no key in the paired location"


def test_production_is_accepted() -> None:
    assert error_keys() == []


def test_a_location_without_zones_is_refused_for_a_platform_with_several_zones() -> None:
    (refusal,) = refusals({"azure.location": "westus"})
    assert refusal.key == "azure.location"
    assert refusal.problem == "westus has no availability zones and network.zones is 3"
    assert error_keys({"azure.location": "westus", "network.zones": 1}) == []


def test_an_unknown_location_is_refused_with_the_nearest_name() -> None:
    (refusal,) = refusals({"azure.location": "westus33"})
    assert "did you mean westus3" in refusal.problem


def test_a_fourth_zone_is_refused() -> None:
    (refusal,) = refusals({"network.zones": 4})
    assert str(refusal) == (
        "network.zones: not supported on azure: 4 zones exceed the 3 of a location. Use 3 or fewer."
    )


def test_two_zones_are_adjusted_to_three() -> None:
    adjustment = adjustments({"network.zones": 2})["network.zones"]
    assert adjustment.effect is Effect.ADJUSTED and adjustment.reason.startswith("3 zones")


def test_production_without_private_endpoints_is_refused() -> None:
    (refusal,) = refusals({"network.private_endpoints": False})
    assert refusal.key == "network.private_endpoints"
    assert refusal.problem.startswith("production disables public access")


def test_public_access_outside_production_is_reported() -> None:
    changes = {"network.private_endpoints": False, "profile": "staging"}
    assert adjustments(changes)["network.private_endpoints"].effect is Effect.PARTIAL


def test_a_gateway_per_zone_is_adjusted_to_one() -> None:
    assert adjustments()["network.egress"].reason.startswith("one NAT gateway")
    assert "NAT gateway" not in adjustments({"network.egress": "single"})["network.egress"].reason


def test_more_replicas_than_the_subnet_has_addresses_for_are_refused() -> None:
    changes: dict[str, object] = {
        "network.cidr": "10.0.0.0/20",
        "services.gateway.replicas": {"min": 3, "max": 1000},
        "services.chat.replicas": {"min": 3, "max": 300},
    }
    # so many replicas exceed the connections of the database too
    (refusal,) = (each for each in refusals(changes) if each.key == "network.cidr")
    assert "addresses for 1210 replicas" in refusal.problem
