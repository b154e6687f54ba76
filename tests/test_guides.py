"""The guides name files that exist, and the README stays short."""

import ast
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from automation.stack.template import APPS, SERVICE_NAMES
from providers import AVAILABLE
from tests.automation.command_line import parse_command

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


def quoted_commands() -> set[tuple[str, str]]:
    """Every complete command line that a document quotes, each with the document."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    texts = {path.name: CONTINUED.sub(" ", path.read_text(encoding="utf-8")) for path in documents}
    found = {(line.strip(), name) for name, text in texts.items() for line in COMMAND.findall(text)}
    return {(line, name) for line, name in found if not NOT_A_COMMAND.search(line) and line.count(" ") > 1}


HALF_A_CENT = 0.005 + 1e-9
OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}


def computed(arithmetic: str) -> float:
    """Return the value of sums, products and quotients of numbers."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Constant) and isinstance(node.value, int | float), arithmetic
        return node.value

    return value(ast.parse(arithmetic, mode="eval").body)


def test_the_documents_quote_commands() -> None:
    assert len(quoted_commands()) > MIN_QUOTED_COMMANDS


FIRST_DAYS = sorted((ROOT / "docs").glob("first-day-*.md"))
FIRST_DAY_COMMAND = re.compile(r"^[ \t$]*(agent-platform .+?)(?:\s+#.*)?$", re.MULTILINE)
MIN_FIRST_DAY_COMMANDS = 9
COST = re.compile(
    r"^\| (?P<bold>\**)(?P<what>[^|*]+)\** \| \**(?P<usd>\d+\.\d\d)\** \| (?P<arithmetic>[^|]*)\|$", re.MULTILINE
)


@pytest.mark.parametrize("guide", FIRST_DAYS, ids=lambda path: path.name)
def test_every_command_of_a_first_day_is_checked(guide: Path) -> None:
    lines = FIRST_DAY_COMMAND.findall(CONTINUED.sub(" ", guide.read_text(encoding="utf-8")))
    assert len(lines) >= MIN_FIRST_DAY_COMMANDS
    assert not [line for line in lines if (line, guide.name) not in quoted_commands()]


@pytest.mark.parametrize("guide", FIRST_DAYS, ids=lambda path: path.name)
def test_a_first_day_names_the_service_that_init_writes(guide: Path) -> None:
    lines = [shlex.split(line) for line, document in quoted_commands() if document == guide.name]
    apps = {words[words.index("--app") + 1] for words in lines if "--app" in words}
    services = {words[3] for words in lines if words[1] in ("logs", "run", "exec")}
    assert services == {SERVICE_NAMES[app] for app in APPS if app in apps}


@pytest.mark.parametrize("guide", FIRST_DAYS, ids=lambda path: path.name)
def test_the_costs_of_a_first_day_add_up(guide: Path) -> None:
    sums = 0
    for table in guide.read_text(encoding="utf-8").split("| what | USD | arithmetic |")[1:]:
        total = 0.0
        for row in COST.finditer(table.partition("\n\n")[0]):
            usd, arithmetic = float(row["usd"]), row["arithmetic"].strip().replace(" x ", " * ")
            if row["bold"]:
                assert round(total, 2) == usd, row["what"]
                sums += 1
                continue
            assert not arithmetic or abs(computed(arithmetic) - usd) <= HALF_A_CENT, row["what"]
            total += usd
    assert sums >= 2


RECOVERY_COMMAND = re.compile(r"^(agent-platform .+)$", re.MULTILINE)
MIN_RECOVERY_COMMANDS = 15


@pytest.mark.parametrize("plan", sorted((ROOT / "docs" / "recovery").glob("*.md")), ids=lambda path: path.name)
def test_the_commands_of_a_recovery_plan_are_accepted_by_the_command_line(plan: Path) -> None:
    lines = RECOVERY_COMMAND.findall(plan.read_text(encoding="utf-8"))
    assert len(lines) >= MIN_RECOVERY_COMMANDS
    for line in lines:
        parse_command(line, plan.name)


@pytest.mark.parametrize(("line", "document"), sorted(quoted_commands()))
def test_a_quoted_command_is_accepted_by_the_command_line(line: str, document: str) -> None:
    parse_command(line, document)
