"""Sizes of database and cache: the smallest that fits, rounded up and reported, refused above the largest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.cache.sizes import MEMORY_GIB_BY_SKU, cache_sku
from providers.azure.database.sizes import DISKS_GIB, PROVISIONED, disk_gib, server_size
from providers.contract.diagnostics import Effect
from providers.contract.spec import DatabaseSize, DatabaseSpec
from tests.azure.plans import adjustments, error_keys, refusals


def numbers(minimum: float, maximum: float) -> st.SearchStrategy[float]:
    """Integers and floats: YAML has both, and Python 3.11 has methods that only one of them has."""
    return st.floats(minimum, maximum, allow_nan=False) | st.integers(max(1, round(minimum)), int(maximum))


sizes = st.builds(DatabaseSize, vcpu=numbers(0.5, 96), memory_gib=numbers(0.5, 672))


@given(sizes, st.booleans())
def test_a_server_is_never_smaller_than_requested(size: DatabaseSize, standby: bool) -> None:
    server = server_size(DatabaseSpec(size=size, high_availability=standby))
    assert server.vcpu >= size.vcpu
    assert server.memory_gib >= size.memory_gib


@given(sizes)
def test_a_server_with_a_standby_is_not_burstable(size: DatabaseSize) -> None:
    assert server_size(DatabaseSpec(size=size)).tier != "Burstable"


@given(sizes)
def test_no_smaller_server_fits(size: DatabaseSize) -> None:
    server = server_size(DatabaseSpec(size=size))
    fitting = [each for each in PROVISIONED if each.vcpu >= size.vcpu and each.memory_gib >= size.memory_gib]
    assert all((server.vcpu, server.memory_gib) <= (each.vcpu, each.memory_gib) for each in fitting)


@pytest.mark.parametrize(
    ("vcpu", "memory_gib", "standby", "name"),
    [
        (2, 16, True, "Standard_E2ds_v5"),
        (2, 8, True, "Standard_D2ds_v5"),
        (2, 4, False, "Standard_B2s"),
        (1, 2, False, "Standard_B1ms"),
        (64, 600, True, "Standard_E96ds_v5"),
    ],
)
def test_a_size_has_its_sku(vcpu: float, memory_gib: float, standby: bool, name: str) -> None:
    size = DatabaseSize(vcpu=vcpu, memory_gib=memory_gib)
    assert server_size(DatabaseSpec(size=size, high_availability=standby)).name == name


@given(st.integers(20, DISKS_GIB[-1]))
def test_a_disk_is_the_smallest_that_fits(gib: int) -> None:
    disk = disk_gib(DatabaseSpec(storage_gib=gib, max_storage_gib=gib))
    assert disk >= gib
    assert not [size for size in DISKS_GIB if gib <= size < disk]


@given(numbers(0.1, 24))
def test_a_cache_is_never_smaller_than_requested(gib: float) -> None:
    assert MEMORY_GIB_BY_SKU[cache_sku(gib)] >= gib


@pytest.mark.parametrize(
    ("changes", "key", "fix"),
    [
        ({"database.size": {"vcpu": 128, "memory_gib": 16}}, "database.size", "use at most 96 vCPU and 672 GiB"),
        (
            {"database.storage_gib": 40000, "database.max_storage_gib": 40000},
            "database.storage_gib",
            "use at most 32767 GiB",
        ),
        ({"cache.memory_gib": 25}, "cache.memory_gib", "use at most 24 GiB"),
    ],
)
def test_a_size_above_the_largest_is_refused(changes: dict[str, object], key: str, fix: str) -> None:
    (refusal,) = refusals(changes)
    assert (refusal.key, refusal.fix) == (key, fix)


@pytest.mark.parametrize(
    ("changes", "key", "effective"),
    [
        ({"database.size": {"vcpu": 3, "memory_gib": 16}}, "database.size", "4 vCPU and 16 GiB (Standard_D4ds_v5)"),
        ({"database.storage_gib": 100}, "database.storage_gib", "128 GiB"),
        ({"database.max_storage_gib": 500}, "database.max_storage_gib", "storage autogrow from 128 GiB"),
        ({"database.max_storage_gib": 100}, "database.max_storage_gib", "128 GiB"),
        ({"cache.memory_gib": 2}, "cache.memory_gib", "3 GiB (Balanced_B3)"),
    ],
)
def test_a_size_between_two_steps_is_adjusted_upwards_and_reported(
    changes: dict[str, object], key: str, effective: str
) -> None:
    adjustment = adjustments(changes)[key]
    assert adjustment.effect in (Effect.ADJUSTED, Effect.PARTIAL)
    assert adjustment.reason.startswith(effective)


@pytest.mark.parametrize("kind", [int, float])
@pytest.mark.parametrize(
    ("key", "numbers_of"),
    [
        ("database.size", {"vcpu": 4, "memory_gib": 32}),
        ("cache.memory_gib", 3),
        ("services.chat.size", {"vcpu": 2, "memory_gib": 4}),
        ("services.gateway.size", {"vcpu": 1, "memory_gib": 2}),
    ],
)
def test_every_size_is_accepted_as_int_and_as_float(
    kind: type[int] | type[float], key: str, numbers_of: int | dict[str, int]
) -> None:
    value = (
        {name: kind(number) for name, number in numbers_of.items()}
        if isinstance(numbers_of, dict)
        else kind(numbers_of)
    )
    assert error_keys({key: value}) == []
    assert adjustments({key: value})["cache.memory_gib"].reason.startswith("3 GiB")


def test_a_disk_of_an_offered_size_without_autogrow_is_not_adjusted() -> None:
    reported = adjustments({"database.storage_gib": 128, "database.max_storage_gib": 128})
    assert not [key for key in reported if "storage_gib" in key]
