"""What README.md and docs/ quote is what the commands print."""

from pathlib import Path

import pytest

from automation.plan.docs.examples import Example, documents, examples, quoted

ROOT = Path(__file__).parent.parent.parent
QUOTED = [example for document in documents(ROOT) for example in examples(document)]


def test_the_readme_quotes_its_commands() -> None:
    words = [example.words for example in examples(ROOT / "README.md")]
    assert {"plan prod --brief", "plan broken"} <= set(words)


@pytest.mark.parametrize("example", QUOTED, ids=lambda example: example.words)
def test_quoted_output_is_real(example: Example) -> None:
    assert example.text == quoted(ROOT, example), "run `make docs`"
