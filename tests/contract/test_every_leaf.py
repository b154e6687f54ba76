"""Every key of the spec is honoured, adjusted or refused on every cloud, as documented; none is ignored."""

from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

from automation.plan.docs.capabilities import CAPABILITIES_FILE, key_support, message_lines, row
from automation.plan.docs.reference import table
from automation.plan.spec_keys import BLOCKS, CLOUD_KEY, LEAVES, Leaf, spec_keys
from providers import AVAILABLE
from tests.planning import recorded

ROOT = Path(__file__).parent.parent.parent
CASES = [(leaf, cloud) for cloud in AVAILABLE for leaf in LEAVES if leaf.block in (None, cloud)]
LATER = pytest.mark.long(
    reason="each key is tested on one cloud, and on all of them in CI: a case records up to two plans"
)


def is_chosen(leaf: Leaf, cloud: str) -> bool:
    """Return whether `make test` tests a key on this cloud: on one of its clouds, so that each of these has its share."""
    clouds = [each for each in AVAILABLE if leaf.block in (None, each)]
    return cloud == clouds[crc32(leaf.key.encode()) % len(clouds)]


@cache
def documented() -> list[str]:
    return (ROOT / CAPABILITIES_FILE).read_text(encoding="utf-8").splitlines()


def documented_row(leaf: Leaf) -> dict[str, str]:
    """Documented verdict on a key, by cloud."""
    (cells,) = [line.strip("| ").split(" | ") for line in documented() if line.startswith(f"| `{leaf.key}` |")]
    return dict(zip(AVAILABLE, cells[1:], strict=True))


def test_every_key_of_the_spec_is_in_the_table_once() -> None:
    assert sorted([CLOUD_KEY, *(leaf.key for leaf in LEAVES)]) == sorted(spec_keys())


def test_every_key_is_tested_on_one_cloud_by_each_run() -> None:
    chosen = [(leaf.path, cloud) for leaf, cloud in CASES if is_chosen(leaf, cloud)]
    assert sorted(path for path, _ in chosen) == sorted({leaf.path for leaf in LEAVES})
    assert {cloud for _, cloud in chosen} == set(AVAILABLE)


def test_every_changed_value_differs() -> None:
    for leaf in LEAVES:
        assert leaf.before("aws") != leaf.after("aws"), leaf.path


@pytest.mark.parametrize(
    ("leaf", "cloud"),
    [
        pytest.param(leaf, cloud, id=f"{cloud}-{leaf.key}", marks=() if is_chosen(leaf, cloud) else LATER)
        for leaf, cloud in CASES
    ],
)
def test_a_key_does_what_the_document_states(leaf: Leaf, cloud: str) -> None:
    result = key_support(leaf, cloud, recorded)
    assert result.kind != "ignored", f"{leaf.key} is accepted on {cloud} and changes nothing"
    assert documented_row(leaf)[cloud] == result.kind, "docs/capabilities.md is stale: run `make docs`"
    for _, line in message_lines(leaf, cloud, result):
        assert line in documented(), "docs/capabilities.md is stale: run `make docs`"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_key_without_effect_is_detected(cloud: str) -> None:
    assert key_support(Leaf("tags", {}), cloud, recorded).kind == "ignored"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.block], ids=lambda leaf: leaf.key)
def test_the_block_of_another_cloud_has_no_effect(leaf: Leaf) -> None:
    assert leaf.block in BLOCKS
    others = {cloud: kind for cloud, kind in documented_row(leaf).items() if cloud != leaf.block}
    assert set(others.values()) <= {"-"}


def test_the_document_has_no_other_rows() -> None:
    rows = table(("key", *AVAILABLE), [row(leaf, dict.fromkeys(AVAILABLE)) for leaf in LEAVES]).splitlines()
    lines = [line for line in documented() if line.startswith("|")]
    assert [line.partition(" | ")[0] for line in lines] == [line.partition(" | ")[0] for line in rows]
