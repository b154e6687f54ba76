"""How the network is cut, and what Azure cannot make of it."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.base.limits import UNPAIRED, WITHOUT_ZONES, ZONAL, geo_backup, storage_redundancy
from providers.azure.limits import LIMITS
from providers.azure.network.cidr import RESERVED, AzureAddressPlan, cidr_fault, layout, most_replicas
from providers.azure.network.flows import DENY_PRIORITY, Rule, rules
from tests.azure.laid import context_of, spec_of


@st.composite
def layouts(draw: st.DrawFn) -> AzureAddressPlan:
    prefix = draw(st.integers(8, 20))
    place = draw(st.integers(0, 2 ** (prefix - 8) - 1))
    return AzureAddressPlan(
        IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + (place << (32 - prefix)), prefix))
    )


@given(layouts())
def test_no_two_subnets_overlap_and_all_lie_in_the_network(plan: AzureAddressPlan) -> None:
    subnets = (plan.apps, plan.database, plan.endpoints)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    assert all(subnet.subnet_of(plan.network) for subnet in subnets)


@given(layouts())
def test_every_subnet_is_large_enough(plan: AzureAddressPlan) -> None:
    assert plan.apps.prefixlen <= 24
    assert plan.database.prefixlen <= 28
    assert plan.endpoints.prefixlen <= 26


def test_a_subnet_of_256_addresses_runs_1210_copies_twice() -> None:
    assert most_replicas(IPv4Network("10.0.0.0/24")) == 1210


@pytest.mark.parametrize(
    ("cidr", "words"),
    [("10.0.0.0/21", "needs /8 to /20"), ("8.0.0.0/16", "public"), ("172.30.0.0/16", "172.30.0.0/16")],
)
def test_a_block_that_cannot_be_cut_is_refused_in_words(cidr: str, words: str) -> None:
    assert words in cidr_fault(cidr)
    with pytest.raises(ValueError, match=cidr.replace(".", r"\.")):
        layout(cidr)


@given(layouts())
def test_the_apps_never_stand_where_container_apps_keeps_addresses(plan: AzureAddressPlan) -> None:
    if not cidr_fault(str(plan.network)):
        assert not any(plan.apps.overlaps(block) for block in RESERVED)


@pytest.mark.parametrize("subnet", ["apps", "database", "endpoints"])
def test_priorities_are_distinct_in_each_direction_and_refusals_come_last(subnet: str) -> None:
    made: tuple[Rule, ...] = rules(spec_of(), layout("10.0.0.0/16"), subnet)  # pyright: ignore[reportArgumentType]  # parametrised by text
    for direction in ("Inbound", "Outbound"):
        priorities = [rule.priority for rule in made if rule.direction == direction]
        assert len(priorities) == len(set(priorities))
        assert max(priorities) == DENY_PRIORITY
    assert {rule.access for rule in made if rule.priority == DENY_PRIORITY} == {"Deny"}


def test_locations_are_told_apart() -> None:
    assert not ZONAL & WITHOUT_ZONES
    assert UNPAIRED <= ZONAL


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
def test_storage_is_as_redundant_as_the_location_and_the_profile_allow(changes: dict[str, object], sku: str) -> None:
    assert storage_redundancy(context_of(changes)) == sku


def test_backups_travel_to_the_pair_in_production_where_the_service_offers_it() -> None:
    assert geo_backup(context_of({"azure.location": "eastus2"}))
    assert not geo_backup(context_of({"azure.location": "eastus2", "profile": "staging"}))
    assert not geo_backup(context_of({"azure.location": "westus3"}))


def told(changes: Mapping[str, object]) -> list[str]:
    return [str(refusal) for refusal in LIMITS.refusals(spec_of(changes), "prod")]


def test_production_itself_is_not_refused() -> None:
    assert told({}) == []


def test_a_location_without_zones_is_refused_for_a_platform_that_spans_them() -> None:
    (sentence,) = told({"azure.location": "westus"})
    assert sentence.startswith('azure.location: "westus" is not possible on azure: it has no availability zones')
    assert told({"azure.location": "westus", "network.zones": 1}) == []


def test_a_misspelt_location_is_refused_with_the_nearest_one() -> None:
    (sentence,) = told({"azure.location": "westus33"})
    assert "did you mean westus3" in sentence


def test_a_fourth_zone_is_refused() -> None:
    assert told({"network.zones": 4}) == ["network.zones: 4 is not possible on azure: a location has 3; use 3 or less."]


def test_two_zones_become_three() -> None:
    assert "network.zones" in [found.key for found in LIMITS.adjustments(spec_of({"network.zones": 2}))]


def test_a_private_platform_without_private_links_is_refused() -> None:
    (sentence,) = told({"network.private_endpoints": False})
    assert sentence.startswith("network.private_endpoints: false is not possible on azure: production closes")


def test_outside_production_open_doors_are_told() -> None:
    spec = spec_of({"network.private_endpoints": False, "profile": "staging"})
    assert "network.private_endpoints" in [found.key for found in LIMITS.adjustments(spec)]


def test_a_gateway_in_each_zone_becomes_one_and_is_told() -> None:
    paths = [found.key for found in LIMITS.adjustments(spec_of())]
    assert "network.egress" in paths
    assert "network.egress" not in [found.key for found in LIMITS.adjustments(spec_of({"network.egress": "single"}))]


def test_more_copies_than_the_subnet_holds_are_refused() -> None:
    changes = {"network.cidr": "10.0.0.0/20", "services.gateway.replicas": {"min": 3, "max": 1000}}
    changes["services.chat.replicas"] = {"min": 3, "max": 300}
    (sentence,) = told(changes)
    assert "has room for 1210" in sentence
