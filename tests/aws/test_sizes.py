"""Sizes: rounded up to the next step, refused above the largest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.cache.sizes import CACHE_NODES, cache_node, cache_size_adjustments, cache_size_refusals
from providers.aws.compute.sizes import (
    FARGATE,
    FargateSize,
    fargate,
    fargate_adjustments,
    fargate_refusals,
    nearest_fargate,
)
from providers.aws.database.sizes import (
    DATABASE_CLASSES,
    database_class,
    database_size_adjustments,
    database_size_refusals,
)
from providers.aws.limits import LIMITS
from providers.contract.diagnostics import Effect
from providers.contract.spec import CacheSpec, DatabaseSize, DatabaseSpec, Platform, Service, Size
from tests.aws.plans import spec_of

PAIRS = [FargateSize(cpu, memory) for cpu, memories in FARGATE.items() for memory in memories]
any_size = st.builds(Size, vcpu=st.floats(0.01, 64), memory_gib=st.floats(0.01, 512))
any_database_size = st.builds(DatabaseSize, vcpu=st.floats(0.01, 128), memory_gib=st.floats(0.01, 1024))


SMALL = Size(vcpu=1, memory_gib=2)


def platform(size: Size = SMALL, database: DatabaseSize | None = None, cache_gib: float | None = None) -> Platform:
    return Platform(
        cloud="aws",
        services={"api": Service(image="api:1", size=size)},
        database=DatabaseSpec(size=database) if database else None,
        cache=CacheSpec(memory_gib=cache_gib) if cache_gib else None,
    )


@given(any_size)
def test_a_task_gets_the_smallest_pair_of_its_vcpu_or_a_refusal(size: Size) -> None:
    if fargate_refusals(platform(size), "prod"):
        with pytest.raises(ValueError, match="no Fargate size"):
            fargate(size)
        return
    fitting = [pair for pair in PAIRS if pair.vcpu >= size.vcpu and pair.memory_gib >= size.memory_gib]
    assert fargate(size) == min(fitting, key=lambda pair: (pair.cpu_units, pair.memory_mib))


@given(any_size)
def test_vcpu_is_never_raised_to_reach_the_memory(size: Size) -> None:
    if not fargate_refusals(platform(size), "prod"):
        assert fargate(size).cpu_units == min(units for units in FARGATE if units / 1024 >= size.vcpu)


@given(any_size)
def test_the_nearest_sizes_of_a_refusal_exist(size: Size) -> None:
    assert set(nearest_fargate(size)) <= set(PAIRS)


@pytest.mark.parametrize(
    ("size", "pair"),
    [
        (Size(vcpu=1, memory_gib=2), FargateSize(1024, 2048)),
        (Size(vcpu=0.25, memory_gib=0.5), FargateSize(256, 512)),
        (Size(vcpu=3, memory_gib=8), FargateSize(4096, 8192)),
        (Size(vcpu=8, memory_gib=17), FargateSize(8192, 20480)),
        (Size(vcpu=16, memory_gib=33), FargateSize(16384, 40960)),
    ],
)
def test_a_size_is_rounded_up(size: Size, pair: FargateSize) -> None:
    assert fargate(size) == pair


def test_a_size_without_a_pair_is_refused_with_the_nearest_pairs() -> None:
    (refusal,) = fargate_refusals(platform(Size(vcpu=1, memory_gib=64)), "prod")
    assert str(refusal) == (
        "services.api.size: not supported on aws: Fargate has no size with 1 vCPU and 64 GiB. "
        "Use {vcpu: 1, memory_gib: 8} or {vcpu: 16, memory_gib: 64}."
    )


def test_a_size_above_the_largest_pair_is_refused_with_the_largest() -> None:
    (refusal,) = fargate_refusals(platform(Size(vcpu=32, memory_gib=256)), "prod")
    assert str(refusal).endswith("Use {vcpu: 16, memory_gib: 120}.")


def test_a_size_between_two_pairs_is_adjusted_upwards() -> None:
    (adjustment,) = fargate_adjustments(platform(Size(vcpu=0.75, memory_gib=2)))
    assert adjustment.key == "services.api.size"
    assert adjustment.requested == {"vcpu": 0.75, "memory_gib": 2}
    assert adjustment.effect is Effect.ADJUSTED
    assert adjustment.reason == "{vcpu: 1, memory_gib: 2}, the smallest Fargate size that fits"


def test_an_existing_size_is_no_adjustment() -> None:
    assert fargate_adjustments(platform(Size(vcpu=4, memory_gib=30))) == []


@given(any_database_size)
def test_a_database_class_fits_and_none_smaller_does(size: DatabaseSize) -> None:
    if database_size_refusals(platform(database=size), "prod"):
        with pytest.raises(ValueError, match="no RDS instance class"):
            database_class(size)
        return
    names = [step.name for step in DATABASE_CLASSES]
    chosen = DATABASE_CLASSES[names.index(database_class(size))]
    assert chosen.vcpu >= size.vcpu and chosen.memory_gib >= size.memory_gib
    assert not any(
        step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib and step.vcpu <= chosen.vcpu
        for step in DATABASE_CLASSES[: DATABASE_CLASSES.index(chosen)]
    )


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "name"),
    [
        (2, 16, "db.r7g.large"),
        (2, 8, "db.m7g.large"),
        (2, 4, "db.t4g.medium"),
        (0.5, 1, "db.t4g.micro"),
        (4, 20, "db.r7g.xlarge"),
        (4, 16, "db.m7g.xlarge"),
        (64, 512, "db.r7g.16xlarge"),
    ],
)
def test_a_database_gets_the_class_of_its_size(vcpu: float, memory_gib: float, name: str) -> None:
    assert database_class(DatabaseSize(vcpu=vcpu, memory_gib=memory_gib)) == name


def test_a_database_above_the_largest_class_is_refused_with_the_maximum() -> None:
    (refusal,) = database_size_refusals(platform(database=DatabaseSize(vcpu=2, memory_gib=513)), "prod")
    assert "at most 64 vCPU and 512 GiB" in str(refusal)


def test_a_database_between_two_classes_is_adjusted_upwards() -> None:
    (adjustment,) = database_size_adjustments(platform(database=DatabaseSize(vcpu=2, memory_gib=10)))
    assert adjustment.requested == {"vcpu": 2, "memory_gib": 10}
    assert adjustment.effect is Effect.ADJUSTED
    assert "{vcpu: 2, memory_gib: 16} (db.r7g.large)" in adjustment.reason
    assert database_size_adjustments(platform(database=DatabaseSize(vcpu=2, memory_gib=16))) == []


@given(st.floats(0.01, 512))
def test_the_smallest_sufficient_cache_node_is_chosen(memory_gib: float) -> None:
    if cache_size_refusals(platform(cache_gib=memory_gib), "prod"):
        with pytest.raises(ValueError, match="no cache node"):
            cache_node(memory_gib)
        return
    requested_bytes, node = memory_gib * 2**30, cache_node(memory_gib)
    assert CACHE_NODES[node] >= requested_bytes
    assert all(size < requested_bytes for size in CACHE_NODES.values() if size < CACHE_NODES[node])


@pytest.mark.parametrize(
    ("memory_gib", "node"),
    [(0.5, "cache.t4g.micro"), (1, "cache.t4g.small"), (3, "cache.t4g.medium"), (3.1, "cache.m7g.large")],
)
def test_a_cache_node_is_chosen_by_its_maxmemory_and_not_by_its_name(memory_gib: float, node: str) -> None:
    assert cache_node(memory_gib) == node


def test_the_plan_shows_the_memory_of_the_cache_node() -> None:
    (adjustment,) = cache_size_adjustments(platform(cache_gib=3))
    assert str(adjustment) == (
        "cache.memory_gib: 3.09 GiB (cache.t4g.medium); 25 % is reserved for snapshots and failover."
    )


def test_a_cache_above_the_largest_node_is_refused() -> None:
    (refusal,) = cache_size_refusals(platform(cache_gib=420), "prod")
    assert "at most 419" in str(refusal)


@pytest.mark.parametrize("number", [5, 5.0], ids=["int", "float"])
@pytest.mark.parametrize("key", ["vcpu", "memory_gib"])
def test_service_sizes_may_be_ints_and_floats(key: str, number: float) -> None:
    size = Size().model_copy(update={"vcpu": 1.5, "memory_gib": 20, key: number})
    (adjustment,) = fargate_adjustments(platform(size))
    assert adjustment.requested == {"vcpu": 1.5, "memory_gib": 20, key: 5}
    (refusal,) = fargate_refusals(
        platform(Size().model_copy(update={"vcpu": 99, "memory_gib": 99, key: number})), "prod"
    )
    assert " 5 " in str(refusal)


@pytest.mark.parametrize("number", [3, 3.0], ids=["int", "float"])
@pytest.mark.parametrize("key", ["vcpu", "memory_gib"])
def test_database_sizes_may_be_ints_and_floats(key: str, number: float) -> None:
    size = DatabaseSize().model_copy(update={"vcpu": 2, "memory_gib": 10, key: number})
    (adjustment,) = database_size_adjustments(platform(database=size))
    assert adjustment.requested == {"vcpu": 2, "memory_gib": 10, key: 3}
    large = DatabaseSize().model_copy(update={"vcpu": 999, "memory_gib": 999, key: number})
    assert "3 " in str(database_size_refusals(platform(database=large), "prod")[0])


@pytest.mark.parametrize("number", [3, 3.0], ids=["int", "float"])
def test_cache_sizes_may_be_ints_and_floats(number: float) -> None:
    spec = Platform.model_construct(cloud="aws", services={}, cache=CacheSpec.model_construct(memory_gib=number))
    (adjustment,) = cache_size_adjustments(spec)
    assert adjustment.requested == 3
    spec = Platform.model_construct(cloud="aws", services={}, cache=CacheSpec.model_construct(memory_gib=140 * number))
    assert "420 GiB" in str(cache_size_refusals(spec, "prod")[0])


@pytest.mark.parametrize(
    ("size", "fix"),
    [({"vcpu": 4}, "{vcpu: 4, memory_gib: 8}"), ({"vcpu": 2}, "{vcpu: 2, memory_gib: 4}"),
     ({"memory_gib": 64}, "{vcpu: 1, memory_gib: 8} or {vcpu: 16, memory_gib: 64}")],
)  # fmt: skip
def test_a_size_whose_default_half_does_not_fit_is_refused_with_valid_pairs(size: dict[str, float], fix: str) -> None:
    (refusal,) = fargate_refusals(spec_of({"services.chat.size": size, "services.gateway.size": {}}), "prod")
    assert (refusal.key, refusal.fix) == ("services.chat.size", f"use {fix}")


@pytest.mark.parametrize(
    ("size", "pair", "name"),
    [
        ({"memory_gib": 7}, FargateSize(1024, 7168), "db.m7g.large"),
        ({"vcpu": 0.5}, FargateSize(512, 2048), "db.r7g.large"),
        ({"vcpu": 3, "memory_gib": 9.5}, FargateSize(4096, 10240), "db.m7g.xlarge"),
    ],
)
def test_a_size_with_defaults_is_read_from_a_stack_file(size: dict[str, float], pair: FargateSize, name: str) -> None:
    spec = spec_of({"services.chat.size": size, "database.size": size})
    assert spec.database is not None
    assert fargate(spec.services["chat"].size) == pair
    assert database_class(spec.database.size) == name
    assert not LIMITS.refusals(spec, "prod")
    assert LIMITS.adjustments(spec)
