"""Output quoted in README.md and docs/ is the real output of its command."""

from pathlib import Path

import pytest

from automation.plan.docs.examples import Example, documents, examples, quoted
from providers.contract.presets import BROKER_CONNECTED

ROOT = Path(__file__).parent.parent.parent
QUOTED = [example for document in documents(ROOT) for example in examples(document)]


def test_the_example_worker_has_the_health_check_of_the_preset() -> None:
    dockerfile = (ROOT / "examples/agent_os/worker/Dockerfile").read_text(encoding="utf-8")
    assert f"    CMD {BROKER_CONNECTED}\n" in dockerfile


def test_the_readme_quotes_its_commands() -> None:
    arguments = [example.arguments for example in examples(ROOT / "README.md")]
    assert {"plan staging", "plan broken"} <= set(arguments)


@pytest.mark.long(reason="runs the commands that documents quote")
@pytest.mark.parametrize("example", QUOTED, ids=lambda example: example.arguments)
def test_quoted_output_is_up_to_date(example: Example) -> None:
    assert example.text == quoted(ROOT, example), "run `make docs`"
