"""Measure how much of the repository's text uses words that vendor documentation would not use.

The word list is `tools/wording.txt`. Docstrings, comments, messages (string literals of three words or more that are
not docstrings), Markdown and identifiers are counted apart, each as hits per 1000 words.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "wording.txt"
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
CODE = re.compile(r"`[^`]*`|https?://\S+")
QUESTION_WORDS = ("What", "Whether", "Who", "How", "Which", "Whom", "Whose")
MIN_MESSAGE_WORDS = 3
PARTICIPLE_NOUNS = frozenset(
    {
        "hardening",
        "logging",
        "testing",
        "scaling",
        "naming",
        "routing",
        "sizing",
        "billing",
        "wording",
        "planning",
        "peering",
        "monitoring",
    }
)
"""Module names in -ing or -ed that are nouns in common use."""


@dataclass(frozen=True)
class Text:
    """One piece of text and where it begins."""

    path: Path
    line: int
    text: str


@dataclass
class Measure:
    """Words counted, and the hits of the word list among them."""

    words: int = 0
    hits: list[tuple[Text, str]] = field(default_factory=list[tuple[Text, str]])

    @property
    def per_1000(self) -> float:
        """Hits per 1000 words; 0 without any words."""
        return 1000 * len(self.hits) / self.words if self.words else 0.0


@cache
def patterns(section: str) -> tuple[re.Pattern[str], ...]:
    """Compiled entries of one section of the word list."""
    found: list[re.Pattern[str]] = []
    current = ""
    for line in LIST.read_text(encoding="utf-8").splitlines():
        entry = line.partition(" -> ")[0].strip()
        if entry.startswith("["):
            current = entry.strip("[]")
        elif entry and not entry.startswith("#") and current == section:
            found.append(re.compile(rf"(?<![\w-])(?:{entry})(?![\w-])", re.IGNORECASE))
    return tuple(found)


def measure(texts: Iterator[Text], section: str = "text") -> Measure:
    """Count words and hits over texts; code in backticks and URLs do not count."""
    result = Measure()
    for text in texts:
        prose = CODE.sub(" ", text.text)
        result.words += len(WORD.findall(prose))
        for pattern in patterns(section):
            result.hits += [(text, match.group(0)) for match in pattern.finditer(prose)]
    return result


def docstrings(paths: list[Path]) -> Iterator[Text]:
    """Docstrings of modules, classes, functions and attributes."""
    for path in paths:
        for node in _docstring_nodes(_tree(path)):
            yield Text(path, node.lineno, str(node.value))


def comments(paths: list[Path]) -> Iterator[Text]:
    """Comments without the directives of tools."""
    for path in paths:
        source = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            text = token.string.lstrip("# ")
            if token.type == tokenize.COMMENT and not text.startswith(("noqa", "type:", "fmt:", "pyrefly:")):
                yield Text(path, token.start[0], text)


def messages(paths: list[Path]) -> Iterator[Text]:
    """String literals of three words or more that are not docstrings."""
    for path in paths:
        tree = _tree(path)
        skipped = {id(node) for node in _docstring_nodes(tree)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in skipped:
                continue
            if len(WORD.findall(node.value)) >= MIN_MESSAGE_WORDS and " " in node.value:
                yield Text(path, node.lineno, node.value)


def identifiers(paths: list[Path]) -> Iterator[Text]:
    """Names that the code defines: functions, classes, parameters, variables, fields; one word for each part."""
    for path in paths:
        for node in ast.walk(_tree(path)):
            for name in _names(node):
                yield Text(path, getattr(node, "lineno", 1), _split(name))


def markdown(paths: list[Path]) -> Iterator[Text]:
    """Prose of Markdown files, without fenced code."""
    for path in paths:
        prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for number, line in enumerate(prose.splitlines(), 1):
            yield Text(path, number, line)


def question_docstrings(paths: list[Path]) -> list[Text]:
    """Docstrings that begin with a question word in place of a noun phrase or a verb."""
    return [text for text in docstrings(paths) if text.text.split(" ", 1)[0].strip() in QUESTION_WORDS]


def participle_modules(paths: list[Path]) -> list[Path]:
    """Modules whose name is a participle: in -ing or -ed, and no noun in common use."""
    return [
        path
        for path in paths
        if path.stem.rpartition("_")[2].endswith(("ing", "ed")) and path.stem.rpartition("_")[2] not in PARTICIPLE_NOUNS
    ]


def shared_class_names(paths: list[Path]) -> dict[str, list[Path]]:
    """Names that more than one class has, with the files that define them."""
    names: dict[str, list[Path]] = {}
    for path in paths:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ClassDef):
                names.setdefault(node.name, []).append(path)
    return {name: found for name, found in names.items() if len(found) > 1}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _docstring_nodes(tree: ast.Module) -> list[ast.Constant]:
    """String expressions that are statements: docstrings of definitions and of attributes."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    return []


def _split(name: str) -> str:
    """`finished_backups` and `FinishedBackups` as `finished backups`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()
