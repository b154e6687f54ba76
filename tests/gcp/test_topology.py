"""Addresses and limits of the network, without a cloud."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gcp.network.cidr import SMALLEST_PREFIX, addresses_needed, cidr_fault, layout, usable_addresses
from tests.gcp.asked import approximated, refused

blocks = st.integers(0, 255).flatmap(
    lambda second: st.integers(16, SMALLEST_PREFIX).map(lambda prefix: f"10.{second}.0.0/{prefix}")
)


@given(blocks)
def test_subnet_and_private_range_lie_inside_and_never_meet(cidr: str) -> None:
    plan, whole = layout(cidr), IPv4Network(cidr)
    assert plan.services.subnet_of(whole) and plan.private.subnet_of(whole)
    assert not plan.services.overlaps(plan.private)


@given(blocks)
def test_the_private_range_has_room_for_cloud_sql_and_memorystore(cidr: str) -> None:
    assert layout(cidr).private.prefixlen <= 23


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 1000), min_size=1))
def test_every_copy_has_four_addresses_in_blocks_of_16(copies: dict[str, int]) -> None:
    needed = addresses_needed(copies)
    assert needed >= 4 * sum(copies.values())
    assert needed % 16 == 0


@pytest.mark.parametrize(
    ("cidr", "clause"),
    [("10.0.0.0/21", "must be /8 to /20"), ("8.8.0.0/16", "not private"), ("172.17.0.0/16", "Cloud SQL cannot")],
)
def test_a_block_that_cannot_be_used_is_refused(cidr: str, clause: str) -> None:
    assert clause in (cidr_fault(cidr) or "")
    with pytest.raises(ValueError, match=r"\d"):
        layout(cidr)


def test_a_small_block_is_refused_with_its_key() -> None:
    assert any(told.startswith('network.cidr: "10.20.0.0/22" is not possible on gcp') for told in
               refused({"network.cidr": "10.20.0.0/22"}))  # fmt: skip


def test_more_copies_than_addresses_are_refused() -> None:
    scope = usable_addresses(layout("10.20.0.0/20").services)
    told = refused({"network.cidr": "10.20.0.0/20", "services.gateway.replicas": {"min": 3, "max": 300}})
    assert any(f"has {scope}" in sentence for sentence in told)


def test_a_key_of_an_outside_api_cannot_be_used_without_a_way_out() -> None:
    told = refused({"network.egress": "none"})
    assert any(
        "services.gateway.secrets" in sentence and "OPENAI_API_KEY opens an API" in sentence for sentence in told
    )


def test_a_secret_that_may_stay_inside_needs_no_way_out() -> None:
    assert not refused({"network.egress": "none", "services.gateway.secrets": ["SIGNING_KEY"]})


def test_one_regional_nat_is_told_with_its_addresses() -> None:
    assert any("3 fixed addresses" in given for given in approximated()["network.egress"])
    assert any("2 fixed addresses" in given for given in approximated({"network.zones": 2})["network.egress"])


def test_services_without_a_way_out_are_told() -> None:
    assert any("gateway only" in given for given in approximated({"network.egress": "single"})["network.egress"])
