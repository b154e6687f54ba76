"""Text reads like vendor documentation: the word list of tools/wording.txt is used less than once per 1000 words."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools import wording
from tools.wording import Text

ROOT = Path(__file__).parent.parent
PROGRAM = ("__main__.py", "agent_platform", "automation", "benchmarks", "components", "providers", "tools")
EXAMPLES = ("examples",)
TESTS = ("tests",)
MAX_PER_1000 = 1.0
GENERATED_OUTPUT = ("recordings.md",)
"""Documents that consist of recorded output."""

Texts = Callable[[list[Path]], Iterator[Text]]


def files(names: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for name in names:
        path = ROOT / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def documents() -> list[Path]:
    paths = [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]
    return [path for path in paths if path.name not in GENERATED_OUTPUT]


def shown(measure: wording.Measure) -> str:
    return "\n".join(f"{text.path.relative_to(ROOT)}:{text.line}: {word!r}" for text, word in measure.hits[:30])


@pytest.mark.parametrize("names", [PROGRAM, TESTS, EXAMPLES], ids=["program", "tests", "examples"])
@pytest.mark.parametrize("texts", [wording.docstrings, wording.comments, wording.messages])
def test_text_uses_plain_words(texts: Texts, names: tuple[str, ...]) -> None:
    measure = wording.measure(texts(files(names)))
    assert measure.per_1000 < MAX_PER_1000, shown(measure)


def test_documents_use_plain_words() -> None:
    measure = wording.measure(wording.markdown(documents()))
    assert measure.per_1000 < MAX_PER_1000, shown(measure)


@pytest.mark.parametrize("names", [PROGRAM, TESTS, EXAMPLES], ids=["program", "tests", "examples"])
def test_identifiers_use_plain_words(names: tuple[str, ...]) -> None:
    measure = wording.measure(wording.identifiers(files(names)), "identifiers")
    assert measure.per_1000 < MAX_PER_1000, shown(measure)


def test_docstrings_begin_with_a_noun_phrase_or_a_verb() -> None:
    assert not [f"{text.path.relative_to(ROOT)}:{text.line}" for text in wording.question_docstrings(files(PROGRAM))]


@pytest.mark.parametrize("names", [PROGRAM, TESTS], ids=["program", "tests"])
def test_module_names_are_nouns(names: tuple[str, ...]) -> None:
    assert not wording.participle_modules(files(names))


def test_no_two_classes_share_a_name() -> None:
    assert not wording.shared_class_names(files(PROGRAM))


def test_the_measure_finds_odd_words(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""Whoever reads this is told anew."""\n', encoding="utf-8")
    measure = wording.measure(wording.docstrings([module]))
    assert {word.lower() for _, word in measure.hits} == {"whoever", "told", "anew"}
    assert not wording.question_docstrings([module])
