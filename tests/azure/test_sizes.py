"""Sizes: the smallest that fits, rounded up and told, refused above the largest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.limits import LIMITS
from providers.azure.sizes import CACHES, DISKS_GIB, STEADY, cache_sku, disk_gib, server_size
from providers.contract.spec import DatabaseSize, DatabaseSpec
from tests.azure.laid import spec_of

sizes = st.builds(
    DatabaseSize,
    vcpu=st.floats(0.5, 96, allow_nan=False),
    memory_gib=st.floats(0.5, 672, allow_nan=False),
)


@given(sizes, st.booleans())
def test_a_server_is_never_smaller_than_asked(size: DatabaseSize, standby: bool) -> None:
    found = server_size(DatabaseSpec(size=size, high_availability=standby))
    assert found.vcpu >= size.vcpu
    assert found.memory_gib >= size.memory_gib


@given(sizes)
def test_a_server_with_a_standby_is_not_burstable(size: DatabaseSize) -> None:
    assert server_size(DatabaseSpec(size=size)).tier != "Burstable"


@given(sizes)
def test_no_smaller_server_would_do(size: DatabaseSize) -> None:
    found = server_size(DatabaseSpec(size=size))
    fitting = [each for each in STEADY if each.vcpu >= size.vcpu and each.memory_gib >= size.memory_gib]
    assert all((found.vcpu, found.memory_gib) <= (each.vcpu, each.memory_gib) for each in fitting)


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
def test_known_sizes_have_their_sku(vcpu: float, memory_gib: float, standby: bool, name: str) -> None:
    size = DatabaseSize(vcpu=vcpu, memory_gib=memory_gib)
    assert server_size(DatabaseSpec(size=size, high_availability=standby)).name == name


@given(st.integers(20, DISKS_GIB[-1]))
def test_a_disk_is_the_next_that_there_is(gib: int) -> None:
    disk = disk_gib(DatabaseSpec(storage_gib=gib, max_storage_gib=gib))
    assert disk >= gib
    assert not [size for size in DISKS_GIB if gib <= size < disk]


@given(st.floats(0.1, 24, allow_nan=False))
def test_a_cache_is_never_smaller_than_asked(gib: float) -> None:
    assert CACHES[cache_sku(gib)] >= gib


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"database.size": {"vcpu": 128, "memory_gib": 16}},
            "Standard_E96ds_v5 is the largest, so vcpu is at most 96 and memory_gib 672",
        ),
        ({"database.storage_gib": 40000, "database.max_storage_gib": 40000}, "the largest disk of a server has 32767"),
        ({"cache.memory_gib": 25}, "memory_gib is at most 24"),
    ],
)
def test_above_the_largest_is_refused(changes: dict[str, object], sentence: str) -> None:
    (refusal,) = LIMITS.refusals(spec_of(changes), "prod")
    assert sentence in str(refusal)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"database.size": {"vcpu": 3, "memory_gib": 16}}, "database.size"),
        ({"database.storage_gib": 100}, "database.storage_gib"),
        ({"database.max_storage_gib": 500}, "database.max_storage_gib"),
        ({"database.max_storage_gib": 100}, "database.max_storage_gib"),
        ({"cache.memory_gib": 2}, "cache.memory_gib"),
    ],
)
def test_what_is_rounded_is_told(changes: dict[str, object], path: str) -> None:
    assert path in [found.key for found in LIMITS.adjustments(spec_of(changes))]


def test_a_disk_of_its_own_size_that_does_not_grow_needs_no_note() -> None:
    spec = spec_of({"database.storage_gib": 128, "database.max_storage_gib": 128})
    assert not [found for found in LIMITS.adjustments(spec) if "storage_gib" in found.key]
