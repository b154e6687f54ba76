"""Any content of a stack file is a checked stack or a list of messages: no traceback, and no secret in a message.

Every command that runs the program (plan, preview, up, doctor, ...) reads the file in this way and in no other.
"""

import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from automation.plan.spec_keys import BASE
from automation.stack.document import StackDocument, stack_of, with_values
from automation.stack.yaml_reader import read_text
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
from tests.planning import ROOT, plan

SECRET = "sk-hunter2"
FILES = [
    (ROOT / f"Pulumi.{name}.yaml")
    .read_text(encoding="utf-8")
    .replace("LOG_LEVEL: info", f"LOG_LEVEL: info, TOKEN: {SECRET}")
    for name in ("prod", "staging", "local")
]
PIECES = (
    "null", "~", "[]", "{}", "yes", "NO", "0x1f", "1e400", "-1", "9" * 50, "22:30", "2026-01-01", "*a", "&a", "!x", "<<",
    "!!binary x", "@", "`", "%", "'", '"', "[", "]", "{", "}", ": ", "- ", "? ", "| ", "> ", "# ", "---\n", "...\n", "\t",
    "\0", "\ufeff", "\u2028", "\x85", "é", "database:", "cloud: gcp", "services:", '"\\ud800"', '"\\0"', ".nan", ".inf",
)  # fmt: skip


def check(text: str) -> None:
    try:
        stack = StackDocument.parse(text, Path("Pulumi.trial.yaml")).stack("trial")
    except InvalidConfiguration as invalid:
        assert invalid.diagnostics
        for diagnostic in invalid.diagnostics:
            line = str(diagnostic)
            assert diagnostic.key and "\n" not in line and line.endswith((".", "?", "!")), line
            assert SECRET not in line
    else:
        assert stack.spec.services


@settings(max_examples=300)
@given(st.text(st.characters(codec="utf-8"), max_size=40) | st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
@example("config: {agent-platform:platform: {cloud: aws, services: {web: {image: [}}}")
def test_any_text_is_answered(text: str) -> None:
    check(text)
    check(f"config:\n  agent-platform:platform: {text}\n")


@pytest.mark.long(reason="tries hundreds of changed files")
@settings(max_examples=500)
@given(st.sampled_from(FILES), st.integers(0, 2**32), st.integers(1, 3))
def test_a_changed_file_is_answered(text: str, seed: int, changes: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # hypothesis chooses the seed
    for _ in range(changes):
        text = mutated(text, chance)
    check(text)


def mutated(text: str, chance: random.Random) -> str:
    """Return the text with one change that an editor or a merge could make."""
    lines = text.splitlines(keepends=True)
    row = chance.randrange(len(lines)) if lines else 0
    position = chance.randrange(len(text) + 1)
    kind = chance.randrange(7)
    if kind == 0:
        return text[:position] + chance.choice(PIECES) + text[position:]
    if kind == 1:
        return text[:position] + text[position + chance.randrange(1, 5) :]
    if not lines:
        return text
    line = lines[row]
    key, colon, _ = line.partition(":")
    if kind == 2:
        lines[row] = ""
    elif kind == 3:
        lines[row] = line * 2
    elif kind == 4:
        lines[row] = f"{key}: {chance.choice(PIECES)}\n" if colon else line
    elif kind == 5:
        lines[row] = " " * chance.randrange(1, 4) + line
    else:
        lines[row] = line[chance.randrange(1, 4) :]
    return "".join(lines)


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_one_message(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "Pulumi.bytes.yaml"
    path.write_bytes(content)
    try:
        assert isinstance(read_text(path), str)
    except InvalidConfiguration as invalid:
        assert len(invalid.diagnostics) == 1


def test_a_folder_a_missing_file_and_a_large_file_are_one_message(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_text("# comment\n" * 20_000, encoding="utf-8")
    for path, problem in (
        (tmp_path, "is a directory"),
        (tmp_path / "none.yaml", "no such file"),
        (large, "larger than"),
    ):
        with pytest.raises(InvalidConfiguration, match=problem):
            read_text(path)


EXTREME: Raw = {
    "services.web.path": "/a/../b",
    "services.web.environment": {"a": "", "B": "\n\t{{}} ${X} %s", "C": "x" * 5000},
    "services.web.command": ["", "a b", *["x"] * 100],
    "budget": {"monthly_usd": 1e300},
    "monitoring.alerts": {"cpu_percent": 1e-9, "latency_p95_seconds": 1e-9},
    "monitoring.slo": {"availability_percent": 99.9999},
    "storage": {"noncurrent_days": 10**6},
    "recovery": {"standby_region": "x" * 500},
}
"""Values that are well-formed, and that no user writes."""


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure", "docker"])
@pytest.mark.parametrize("key", [*EXTREME, "all"])
def test_an_accepted_file_can_be_planned(cloud: str, key: str) -> None:
    changes = EXTREME if key == "all" else {key: EXTREME[key]}
    platform = with_values(BASE, {"services.web.path": "/", **changes, "cloud": cloud})
    try:
        stack_of("trial", {PLATFORM_KEY: platform})
    except InvalidConfiguration as invalid:
        assert invalid.diagnostics
    else:
        if key in ("all", "services.web.environment"):
            assert plan(platform, "trial").resources
