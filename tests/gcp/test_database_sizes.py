"""Tiers of Cloud SQL: the smallest tier of either edition that fits, or a refusal with the nearest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.diagnostics import Effect, Unsupported
from providers.contract.spec import DatabaseSize, DatabaseSpec, GcpBlock, Platform, Service
from providers.gcp.database.sizes import (
    CUSTOM_VCPUS,
    PERFORMANCE_GIB,
    Tier,
    database_size_adjustments,
    database_size_refusals,
    database_tier,
    default_connections,
)

BOTH_EDITIONS, ONE_EDITION = "us-central1", "europe-north2"
sizes = st.builds(DatabaseSize, vcpu=st.floats(0.01, 128), memory_gib=st.floats(0.01, 1024))
regions = st.sampled_from([BOTH_EDITIONS, ONE_EDITION])


def platform(size: DatabaseSize, region: str = BOTH_EDITIONS) -> Platform:
    return Platform(
        cloud="gcp",
        gcp=GcpBlock(project="acme-agents", region=region),
        services={"api": Service(image="api:1")},
        database=DatabaseSpec(size=size),
    )


def size_of(vcpu: float, memory_gib: float) -> DatabaseSize:
    return DatabaseSize(vcpu=vcpu, memory_gib=memory_gib)


@given(sizes, regions)
def test_a_database_gets_a_tier_that_fits_or_a_refusal(size: DatabaseSize, region: str) -> None:
    if database_size_refusals(platform(size, region), "prod"):
        with pytest.raises(ValueError, match="no tier of Cloud SQL"):
            database_tier(size, region)
        return
    tier = database_tier(size, region)
    assert tier.vcpu >= size.vcpu and tier.memory_gib >= size.memory_gib


@given(sizes, regions)
def test_every_tier_exists_in_its_edition(size: DatabaseSize, region: str) -> None:
    if database_size_refusals(platform(size, region), "prod"):
        return
    tier = database_tier(size, region)
    if tier.edition == "ENTERPRISE_PLUS":
        assert region == BOTH_EDITIONS and PERFORMANCE_GIB[tier.vcpu] == tier.memory_gib
    else:
        assert tier.vcpu in CUSTOM_VCPUS and tier.memory_gib >= 3.75
        assert 0.9 <= tier.memory_gib / tier.vcpu <= 6.5
        assert tier.memory_gib * 4 == int(tier.memory_gib * 4)


@given(sizes)
def test_no_smaller_performance_tier_fits(size: DatabaseSize) -> None:
    smaller = [vcpu for vcpu, gib in PERFORMANCE_GIB.items() if vcpu >= size.vcpu and gib >= size.memory_gib]
    if smaller:
        assert database_tier(size, BOTH_EDITIONS).vcpu <= min(smaller)


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "region", "name"),
    [
        (2, 8, BOTH_EDITIONS, "db-custom-2-8192"),
        (2, 16, BOTH_EDITIONS, "db-perf-optimized-N-2"),
        (2, 16, ONE_EDITION, "db-custom-4-16384"),
        (1, 1, BOTH_EDITIONS, "db-custom-1-3840"),
        (3, 10, BOTH_EDITIONS, "db-custom-4-10240"),
        (8, 60, BOTH_EDITIONS, "db-perf-optimized-N-8"),
        (96, 100, BOTH_EDITIONS, "db-custom-96-102400"),
        (128, 864, BOTH_EDITIONS, "db-perf-optimized-N-128"),
    ],
)
def test_the_smallest_tier_that_fits_is_used(vcpu: float, memory_gib: float, region: str, name: str) -> None:
    assert database_tier(size_of(vcpu, memory_gib), region).name == name


def test_a_size_that_no_tier_fits_is_refused_with_the_nearest() -> None:
    assert database_size_refusals(platform(size_of(4, 1024)), "prod") == [
        Unsupported(
            "gcp",
            "database.size",
            problem="{vcpu: 4, memory_gib: 1024} fits no tier of ENTERPRISE or ENTERPRISE_PLUS",
            fix="use {vcpu: 128, memory_gib: 864} or {vcpu: 4, memory_gib: 32}",
        )
    ]


def test_a_region_with_one_edition_has_only_its_tiers() -> None:
    (refusal,) = database_size_refusals(platform(size_of(2, 700), ONE_EDITION), "prod")
    assert refusal.problem.endswith("fits no tier of ENTERPRISE, the only edition in europe-north2")
    assert refusal.fix == "use {vcpu: 96, memory_gib: 624} or {vcpu: 2, memory_gib: 13}"


def test_the_tier_is_reported_with_its_edition() -> None:
    (adjustment,) = database_size_adjustments(platform(size_of(2, 16)))
    assert (adjustment.key, adjustment.effect) == ("database.size", Effect.ADJUSTED)
    assert adjustment.requested == {"vcpu": 2, "memory_gib": 16}
    assert "db-perf-optimized-N-2, edition ENTERPRISE_PLUS" in adjustment.reason


@pytest.mark.parametrize(("memory_gib", "connections"), [(3.75, 100), (7.5, 400), (16, 500), (32, 600), (624, 1000)])
def test_connections_follow_memory(memory_gib: float, connections: int) -> None:
    assert default_connections(Tier("any", "ENTERPRISE", 2, memory_gib)) == connections
