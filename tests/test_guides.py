"""The guides name files that exist, and the README stays short."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from automation.cli.main import app
from providers import AVAILABLE

ROOT = Path(__file__).parent.parent
GUIDES = ("CONTRIBUTING.md", "docs/adding-a-key.md", "docs/adding-an-alarm-rule.md", "docs/adding-a-cloud.md")
PATH = re.compile(r"`((?:automation|benchmarks|components|docs|examples|providers|tests|tools)/[\w./<>-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
MAX_README_LINES = 250
MIN_QUOTED_COMMANDS = 20
MAX_GLOSSARY_TERMS = 12


def resolved(name: str) -> list[Path]:
    """Paths of a name; `<cloud>` means every cloud, of which at least one must have the file."""
    return [ROOT / name.replace("<cloud>", cloud) for cloud in AVAILABLE] if "<cloud>" in name else [ROOT / name]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_file_that_a_guide_names_exists(guide: str) -> None:
    names = PATH.findall((ROOT / guide).read_text(encoding="utf-8"))
    assert names
    assert not [name for name in names if not any(path.exists() for path in resolved(name))]


@pytest.mark.parametrize("document", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = LINK.findall(CODE.sub("", document.read_text(encoding="utf-8")))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing, f"links to missing files: {missing}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


def test_the_readme_states_on_its_first_screen_what_has_not_been_tried() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30]
    assert any("Not yet tried on a real cloud account" in line for line in first_screen)


def test_the_glossary_has_at_most_a_dozen_terms() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    glossary = text.partition("## Glossary")[2].partition("\n## ")[0]
    assert 1 <= len([line for line in glossary.splitlines() if line.startswith("| ")]) - 1 <= MAX_GLOSSARY_TERMS


COMMAND = re.compile(r"(?:^(?:\$ | {4}(?:\$ )?)|`)(agent-platform [^`\n|<\[]+?)(?:`|\s+#.*$|$)", re.MULTILINE)
CONTINUED = re.compile(r"\\\n\s*")
NOT_A_COMMAND = re.compile(r"\.\.\.|\{|agent-platform:|agent-platform \w+, ")
"""Lines with a part to fill in, configuration keys and lists of commands; a name alone is not a command line either."""


def quoted_commands() -> dict[str, str]:
    """Every complete command line that a document quotes, with the document."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    texts = {path.name: CONTINUED.sub(" ", path.read_text(encoding="utf-8")) for path in documents}
    found = {line.strip(): name for name, text in texts.items() for line in COMMAND.findall(text)}
    return {line: name for line, name in found.items() if not NOT_A_COMMAND.search(line) and line.count(" ") > 1}


def test_the_documents_quote_commands() -> None:
    assert len(quoted_commands()) > MIN_QUOTED_COMMANDS


@pytest.mark.parametrize(("line", "document"), sorted(quoted_commands().items()))
def test_a_quoted_command_is_accepted_by_the_command_line(line: str, document: str) -> None:
    command, words = typer.main.get_command(app), shlex.split(line)[1:]
    context = command.make_context(document, words, resilient_parsing=True)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("--"):
        _, command, words = command.resolve_command(context, words)
        assert command is not None, f"{document} quotes `{line}`"
        context = command.make_context(
            document, words, parent=context, resilient_parsing=isinstance(command, TyperGroup) or not words
        )
