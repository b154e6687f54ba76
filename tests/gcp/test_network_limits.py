"""Address plan of the network, and the network settings that are refused or adjusted."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.diagnostics import Effect, Unsupported
from providers.gcp.network.cidr import MAX_PREFIX, address_plan, addresses_needed, cidr_fault, usable_addresses
from tests.gcp.plans import adjustments, diagnostics

blocks = st.integers(0, 255).flatmap(
    lambda second: st.integers(16, MAX_PREFIX).map(lambda prefix: f"10.{second}.0.0/{prefix}")
)


@given(blocks)
def test_subnet_and_private_range_are_in_the_block_and_do_not_overlap(cidr: str) -> None:
    plan, block = address_plan(cidr), IPv4Network(cidr)
    assert plan.services.subnet_of(block) and plan.private.subnet_of(block)
    assert not plan.services.overlaps(plan.private)


@given(blocks)
def test_the_private_range_is_large_enough_for_cloud_sql_and_memorystore(cidr: str) -> None:
    assert address_plan(cidr).private.prefixlen <= 23


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 1000), min_size=1))
def test_every_replica_has_four_addresses_in_blocks_of_16(max_replicas: dict[str, int]) -> None:
    needed = addresses_needed(max_replicas)
    assert needed >= 4 * sum(max_replicas.values())
    assert needed % 16 == 0


@pytest.mark.parametrize(
    ("cidr", "problem"),
    [
        ("10.0.0.0/21", "is not between /8 and /20"),
        ("8.8.0.0/16", "is not private"),
        ("172.17.0.0/16", "overlaps 172.17.0.0/16, from which Cloud SQL cannot be reached"),
    ],
)
def test_an_unusable_block_has_a_fault(cidr: str, problem: str) -> None:
    fault = cidr_fault(cidr)
    assert fault is not None and fault.problem == problem
    with pytest.raises(ValueError, match=r"\d"):
        address_plan(cidr)


def test_a_small_block_is_refused_under_its_key() -> None:
    problem = "10.20.0.0/22 is not between /8 and /20"
    refusal = Unsupported("gcp", "network.cidr", problem=problem, fix="use a block such as 10.20.0.0/16")
    assert refusal in diagnostics({"network.cidr": "10.20.0.0/22"})


def test_more_replicas_than_addresses_are_refused() -> None:
    available = usable_addresses(address_plan("10.20.0.0/20").services)
    changes = {"network.cidr": "10.20.0.0/20", "services.gateway.replicas": {"min": 3, "max": 300}}
    (refusal,) = [refusal for refusal in diagnostics(changes) if refusal.key == "network.cidr"]
    assert refusal.problem.endswith(f"has {available}")


def test_the_key_of_an_external_api_is_refused_without_egress() -> None:
    (refusal,) = diagnostics({"network.egress": "none"})
    assert refusal.key == "services.gateway.secrets"
    assert refusal.problem.startswith("OPENAI_API_KEY is a key of an API outside Google Cloud")


def test_a_secret_that_is_no_api_key_needs_no_egress() -> None:
    assert not diagnostics({"network.egress": "none", "services.gateway.secrets": ["SIGNING_KEY", "OS_SECURITY_KEY"]})


@pytest.mark.parametrize(("zones", "addresses"), [(3, 3), (2, 2)])
def test_the_regional_nat_is_reported_with_its_addresses(zones: int, addresses: int) -> None:
    nat = adjustments({"network.zones": zones})["network.egress"][0]
    assert (nat.requested, nat.effect) == ("per_zone", Effect.ADJUSTED)
    assert f"{addresses} fixed addresses" in nat.reason


def test_services_without_outbound_access_are_reported() -> None:
    (adjustment,) = adjustments({"network.egress": "single"})["network.egress"]
    assert (adjustment.requested, adjustment.effect) == ("single", Effect.PARTIAL)
    assert adjustment.reason == (
        "only gateway may connect to the internet, to TCP port 443; every other port, such as 5432 of a hosted "
        "database or 587 for mail, is blocked unless `services.<name>.egress` lists a host. To allow port 443 for chat or "
        "worker, list a secret or a host for it"
    )


def test_the_open_port_is_reported_when_every_service_has_outbound_access() -> None:
    secrets = {f"services.{name}.secrets": ["DATABASE_URL_OF_A_HOST", "SMTP_PASSWORD"] for name in ("chat", "worker")}
    (adjustment,) = adjustments({"network.egress": "single", **secrets})["network.egress"]
    assert adjustment.reason.startswith("gateway, chat and worker may connect to the internet, to TCP port 443;")
