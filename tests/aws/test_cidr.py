"""Address plan of the VPC."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.network.cidr import (
    MAX_ZONES,
    TIERS,
    AwsAddressPlan,
    Tier,
    address_plan,
    cidr_problem,
    gateway_count,
    gateway_index,
    usable_addresses,
    zone_name,
)

LOAD_BALANCER_NEEDS = 8
prefixes = st.integers(16, 20)
tiers = st.sampled_from(TIERS)
zones = st.integers(0, MAX_ZONES - 1)


@st.composite
def layouts(draw: st.DrawFn) -> AwsAddressPlan:
    prefix = draw(prefixes)
    index = draw(st.integers(0, 2 ** (prefix - 8) - 1))
    return AwsAddressPlan(
        IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + (index << (32 - prefix)), prefix))
    )


def every_subnet(plan: AwsAddressPlan) -> list[IPv4Network]:
    return [plan.subnet(tier, zone) for tier in TIERS for zone in range(MAX_ZONES)]


@given(layouts())
def test_no_two_subnets_overlap(plan: AwsAddressPlan) -> None:
    assert not any(one.overlaps(other) for one, other in combinations(every_subnet(plan), 2))


@given(layouts())
def test_every_subnet_is_in_the_vpc(plan: AwsAddressPlan) -> None:
    assert all(subnet.subnet_of(plan.vpc) for subnet in every_subnet(plan))


@given(layouts(), tiers)
def test_the_subnets_of_a_tier_fill_its_block(plan: AwsAddressPlan, tier: Tier) -> None:
    subnets = [plan.subnet(tier, zone) for zone in range(MAX_ZONES)]
    assert all(subnet.subnet_of(plan.block(tier)) for subnet in subnets)
    assert sum(subnet.num_addresses for subnet in subnets) == plan.block(tier).num_addresses


@given(layouts())
def test_the_blocks_of_the_tiers_do_not_overlap(plan: AwsAddressPlan) -> None:
    assert not any(plan.block(one).overlaps(plan.block(other)) for one, other in combinations(TIERS, 2))


@given(layouts(), zones)
def test_a_public_subnet_is_large_enough_for_a_load_balancer(plan: AwsAddressPlan, zone: int) -> None:
    assert plan.subnet("public", zone).prefixlen <= 27
    assert usable_addresses(plan.subnet("public", zone)) >= LOAD_BALANCER_NEEDS


@given(layouts(), zones)
def test_a_private_subnet_is_a_sixteenth_of_the_vpc(plan: AwsAddressPlan, zone: int) -> None:
    assert plan.subnet("private", zone).num_addresses == plan.vpc.num_addresses // 16


def test_subnet_blocks_are_those_of_the_first_release() -> None:
    plan = address_plan("10.20.0.0/16")
    assert {tier: [str(plan.subnet(tier, zone)) for zone in (0, 3)] for tier in TIERS} == {
        "private": ["10.20.0.0/20", "10.20.48.0/20"],
        "public": ["10.20.240.0/24", "10.20.243.0/24"],
        "database": ["10.20.244.0/24", "10.20.247.0/24"],
    }


@pytest.mark.parametrize("zone", [-1, MAX_ZONES])
def test_a_zone_index_outside_the_plan_is_an_error(zone: int) -> None:
    with pytest.raises(ValueError, match="zones 0 to 3"):
        address_plan("10.0.0.0/16").subnet("private", zone)


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.0.0.0/15", "10.0.0.0/21", "10.0.0.0/28"])
def test_a_block_too_large_or_too_small_is_refused_with_the_allowed_prefixes(cidr: str) -> None:
    invalid = cidr_problem(cidr)
    assert invalid is not None and "/16 to /20" in invalid.fix


@pytest.mark.parametrize("cidr", ["8.8.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "127.0.0.0/16", "169.254.0.0/16"])
def test_public_addresses_are_refused_with_the_private_ranges(cidr: str) -> None:
    invalid = cidr_problem(cidr)
    assert invalid is not None and "10.0.0.0/8" in invalid.fix


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.31.0.0/16", "192.168.0.0/16", "100.64.0.0/20"])
def test_private_blocks_of_an_allowed_size_are_accepted(cidr: str) -> None:
    assert cidr_problem(cidr) is None
    assert address_plan(cidr).vpc == IPv4Network(cidr)


def test_a_block_that_cannot_be_divided_has_no_address_plan() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/24 cannot be divided"):
        address_plan("10.0.0.0/24")


def test_a_zone_is_selected_by_its_index() -> None:
    assert zone_name(["eu-west-1a", "eu-west-1b", "eu-west-1c"], 1, "eu-west-1") == "eu-west-1b"


def test_a_region_with_fewer_zones_is_an_error_with_their_number() -> None:
    with pytest.raises(ValueError, match=r"network.zones: us-west-1 offers this account 2 zones .* to 2 or less"):
        zone_name(["us-west-1a", "us-west-1c"], 2, "us-west-1")


@given(st.integers(1, MAX_ZONES))
def test_with_a_gateway_per_zone_each_zone_uses_its_own(zones: int) -> None:
    gateways = gateway_count("per_zone", zones)
    assert [gateway_index(zone, gateways) for zone in range(zones)] == list(range(zones))


@given(st.integers(1, MAX_ZONES))
def test_a_single_gateway_serves_every_zone(zones: int) -> None:
    gateways = gateway_count("single", zones)
    assert {gateway_index(zone, gateways) for zone in range(zones)} == {0}
