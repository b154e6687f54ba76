"""Sizes of the data services: the smallest tier of either edition that fits, or a refusal with the nearest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract.spec import DatabaseSize, DatabaseSpec, GcpBlock, Platform, Service
from providers.contract.spec.data import BackupSpec, CacheSpec
from providers.gcp.sizes import (
    CUSTOM_VCPUS,
    PERFORMANCE,
    Tier,
    cache_gib,
    cache_size_adjustments,
    cache_size_refusals,
    database_size_adjustments,
    database_size_refusals,
    database_tier,
    default_connections,
    log_days,
)

WITH_BOTH, WITH_ONE = "us-central1", "europe-north2"
sizes = st.builds(DatabaseSize, vcpu=st.floats(0.01, 128), memory_gib=st.floats(0.01, 1024))
regions = st.sampled_from([WITH_BOTH, WITH_ONE])


def platform(size: DatabaseSize, region: str = WITH_BOTH, days: int = 7, cache: float | None = None) -> Platform:
    return Platform(
        cloud="gcp",
        gcp=GcpBlock(project="acme-agents", region=region),
        services={"api": Service(image="api:1")},
        database=DatabaseSpec(size=size, backup=BackupSpec(retention_days=days)),
        cache=CacheSpec(memory_gib=cache) if cache else None,
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
        assert region == WITH_BOTH and PERFORMANCE[tier.vcpu] == tier.memory_gib
    else:
        assert tier.vcpu in CUSTOM_VCPUS and tier.memory_gib >= 3.75
        assert 0.9 <= tier.memory_gib / tier.vcpu <= 6.5
        assert tier.memory_gib * 4 == int(tier.memory_gib * 4)


@given(sizes)
def test_no_smaller_performance_tier_would_have_fitted(size: DatabaseSize) -> None:
    smaller = [vcpu for vcpu, gib in PERFORMANCE.items() if vcpu >= size.vcpu and gib >= size.memory_gib]
    if smaller:
        assert database_tier(size, WITH_BOTH).vcpu <= min(smaller)


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "region", "name"),
    [
        (2, 8, WITH_BOTH, "db-custom-2-8192"),
        (2, 16, WITH_BOTH, "db-perf-optimized-N-2"),
        (2, 16, WITH_ONE, "db-custom-4-16384"),
        (1, 1, WITH_BOTH, "db-custom-1-3840"),
        (3, 10, WITH_BOTH, "db-custom-4-10240"),
        (8, 60, WITH_BOTH, "db-perf-optimized-N-8"),
        (96, 100, WITH_BOTH, "db-custom-96-102400"),
        (128, 864, WITH_BOTH, "db-perf-optimized-N-128"),
    ],
)
def test_the_smallest_tier_that_fits_is_taken(vcpu: float, memory_gib: float, region: str, name: str) -> None:
    assert database_tier(size_of(vcpu, memory_gib), region).name == name


def test_a_size_that_no_edition_has_is_refused_with_the_nearest() -> None:
    assert [str(told) for told in database_size_refusals(platform(size_of(4, 1024)), "prod")] == [
        'database.size: {"vcpu": 4.0, "memory_gib": 1024.0} is not possible on gcp: ENTERPRISE and ENTERPRISE_PLUS have no '
        "tier of this size; take {vcpu: 128, memory_gib: 864} or {vcpu: 4, memory_gib: 32}."
    ]


def test_a_region_with_one_edition_offers_its_own_tiers() -> None:
    told = str(database_size_refusals(platform(size_of(2, 700), WITH_ONE), "prod")[0])
    assert "ENTERPRISE, the edition of europe-north2, has no tier" in told
    assert "take {vcpu: 96, memory_gib: 624} or {vcpu: 2, memory_gib: 13}" in told


def test_the_edition_that_is_paid_for_is_told() -> None:
    told = database_size_adjustments(platform(size_of(2, 16)))
    assert "db-perf-optimized-N-2 in the edition ENTERPRISE_PLUS" in told[0].given


def test_a_long_retention_reaches_back_as_far_as_the_edition() -> None:
    plus, enterprise = platform(size_of(2, 16), days=30), platform(size_of(2, 8), days=30)
    assert [told.key for told in database_size_adjustments(plus)] == ["database.size"]
    told = database_size_adjustments(enterprise)[1]
    assert (told.key, told.asked) == ("database.backup.retention_days", 30)
    assert "the last 7 days alone" in told.given
    assert log_days(DatabaseSpec(backup=BackupSpec(retention_days=30)), database_tier(size_of(2, 8), WITH_BOTH)) == 7


@pytest.mark.parametrize(("memory_gib", "connections"), [(3.75, 100), (7.5, 400), (16, 500), (32, 600), (624, 1000)])
def test_connections_follow_memory(memory_gib: float, connections: int) -> None:
    assert default_connections(Tier("any", "ENTERPRISE", 2, memory_gib)) == connections


@given(st.floats(0.01, 300))
def test_a_cache_has_room_for_what_was_asked(memory_gib: float) -> None:
    assert memory_gib <= cache_gib(memory_gib) < memory_gib + 1


def test_a_cache_between_two_sizes_is_told() -> None:
    told = cache_size_adjustments(platform(size_of(2, 8), cache=2.5))
    assert [one.given for one in told] == ["3 GiB: Memorystore sells whole ones"]
    assert not cache_size_adjustments(platform(size_of(2, 8), cache=3))


def test_a_cache_larger_than_the_largest_is_refused() -> None:
    assert "at most 300 GiB" in str(cache_size_refusals(platform(size_of(2, 8), cache=301), "prod")[0])
    assert not cache_size_refusals(platform(size_of(2, 8), cache=300), "prod")
