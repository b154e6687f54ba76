"""A state that an earlier release wrote is taken over: nothing is made anew, nothing is lost."""

from pathlib import Path

import pytest

from tests.engine.bench import Bench
from tests.engine.released import FOLDER, restore
from tests.engine.test_lasting import LOSING

KEPT = sorted(FOLDER.glob("*.json.gz"))


def test_the_states_of_a_release_are_kept() -> None:
    assert KEPT


@pytest.mark.parametrize("path", KEPT, ids=[path.name.removesuffix(".json.gz") for path in KEPT])
def test_an_earlier_state_is_taken_over_without_a_replacement(path: Path, bench: Bench) -> None:
    restore(path, bench)
    before = {(thing.token, thing.id) for thing in bench.cloud.objects()}
    operations = {step["op"] for step in bench.steps()}
    assert operations.isdisjoint(LOSING)
    bench.up()
    assert before <= {(thing.token, thing.id) for thing in bench.cloud.objects()}
