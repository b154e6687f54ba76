"""Edited stack files: comments, order and style of what is unchanged are kept, and the result reads as it was meant."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.stack.document import StackDocument
from automation.stack.edit import Proposal
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import ROOT


@pytest.mark.parametrize("stack", ["prod", "staging", "local"])
def test_the_shipped_stack_files_are_written_back_unchanged(stack: str) -> None:
    document = StackDocument.load(ROOT / f"Pulumi.{stack}.yaml")
    longer = document.with_config({**document.config, "extra": "1"}).dump()
    assert longer != document.text
    assert StackDocument.parse(longer, Path(stack)).with_config(document.config).dump() == document.text


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  list:\n  - a\n  - b\n  k: 1\n",
        "config:\n  list:\n    - a\n    - b\n  k: 1\n",
        "---\nconfig:\n  k: 1\n",
        "config:\n  long: " + "word " * 60 + "end\n  k: 1\n",
    ],
)
def test_a_file_keeps_its_own_indentation_and_its_long_lines(text: str) -> None:
    document = StackDocument.parse(text, Path("f"))
    assert document.with_config({**document.config, "k": 2}).dump() == text.replace("k: 1", "k: 2")


def test_a_change_that_an_anchor_would_repeat_is_refused() -> None:
    document = StackDocument.parse("config:\n  a: &one {image: x}\n  b: *one\n", Path("f"))
    with pytest.raises(InvalidConfiguration, match="as where an anchor repeats a value"):
        document.with_config({"a": {"image": "y"}, "b": {"image": "x"}}).dump()


def test_a_file_that_has_changed_since_the_change_was_shown_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.trial.yaml"
    path.write_text("config: {a: 3}\n", encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match="has changed since the change was shown"):
        Proposal(path, "config: {a: 1}\n", "config: {a: 2}\n").write()
    Proposal(path, "config: {a: 3}\n", "config: {a: 2}\n").write()
    assert path.read_text(encoding="utf-8") == "config: {a: 2}\n"


keys = st.text("abcon", min_size=1, max_size=3).map(lambda text: f"k{text}")
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
    | st.sampled_from(["on", "1_0", "0o7", "~", "2026-01-01", "a: b", "#", "22:30", "<<", "="])
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
configs = st.dictionaries(keys, values, min_size=1, max_size=4)


@settings(max_examples=40)
@given(configs, configs, st.booleans())
def test_an_edited_file_reads_as_the_new_content(
    before: dict[str, object], after: dict[str, object], flow: bool
) -> None:
    text = "# head\n" + yaml.safe_dump({"config": before}, default_flow_style=flow, width=1000)
    changed = StackDocument.parse(text, Path("f")).with_config(after).dump()
    assert StackDocument.parse(changed, Path("f")).config == after and changed.startswith("# head\n")
