"""Garbage collection of a program: rare, and still enough to bound the memory of a long update."""

import gc
from collections.abc import Iterator

import pytest

from components.program import OBJECTS_BEFORE_COLLECTION, collect_garbage_rarely

CYCLES = 500_000
MAX_GARBAGE = 100_000
"""Objects of the oldest cycles that may remain; a collection of the youngest generation is due at a fifth of that."""


@pytest.fixture(autouse=True)
def _own_thresholds() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


def test_a_default_threshold_is_raised_for_the_youngest_generation_alone() -> None:
    gc.set_threshold(700, 10, 10)
    collect_garbage_rarely()
    assert gc.get_threshold() == (OBJECTS_BEFORE_COLLECTION, 10, 10)


@pytest.mark.parametrize("threshold", [0, OBJECTS_BEFORE_COLLECTION + 1])
def test_collection_that_the_program_has_turned_off_or_made_rarer_stays_so(threshold: int) -> None:
    gc.set_threshold(threshold, 11, 12)
    collect_garbage_rarely()
    assert gc.get_threshold() == (threshold, 11, 12)


@pytest.mark.long(reason="records a plan many times")
def test_garbage_of_a_long_update_does_not_accumulate() -> None:
    gc.collect()
    collect_garbage_rarely()
    before = len(gc.get_objects())
    for _ in range(CYCLES):
        cycle: list[object] = []
        cycle.append(cycle)
    assert len(gc.get_objects()) - before < MAX_GARBAGE
