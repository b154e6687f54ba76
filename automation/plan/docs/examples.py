"""Command output quoted in Markdown: each block between two marks is replaced by the real output of its command.

    <!-- output: agent-platform plan prod --brief -->
    (a console block, written by `agent-platform config examples`)
    <!-- end -->

With `in FOLDER` after `output`, the command runs in that folder, so that an invalid stack file can be shown.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(
    r"<!-- output(?: in (?P<folder>\S+))?: agent-platform (?P<arguments>.+?) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL
)

DATE_SECONDS = 1795824000
"""Date on which quoted commands run, 2026-11-28, so that their output does not change with age."""


@dataclass(frozen=True)
class Example:
    """Quoted command: its folder, its arguments, and the block that the document has now."""

    folder: str
    arguments: str
    text: str


def documents(root: Path) -> list[Path]:
    """Return the Markdown files that may quote output."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def examples(document: Path) -> Iterator[Example]:
    """Yield the quoted commands of a document, in order."""
    for mark in MARK.finditer(document.read_text(encoding="utf-8")):
        yield Example(mark["folder"] or ".", mark["arguments"], mark["text"])


def quoted(root: Path, example: Example) -> str:
    """Run the command and return its block; the exit code of a failing command is included."""
    command = [sys.executable, "-m", "automation", *shlex.split(example.arguments)]
    environment = {"PYTHONPATH": str(root), "NO_COLOR": "1", "PATH": "", "SOURCE_DATE_EPOCH": str(DATE_SECONDS)}
    # The arguments come from this repository's own documents.
    result = subprocess.run(  # noqa: S603
        command, cwd=root / example.folder, env=environment, capture_output=True, text=True, check=False
    )
    lines = [line.rstrip() for line in f"{result.stdout}{result.stderr}".rstrip().splitlines()]
    lines += ["$ echo $?", str(result.returncode)] if result.returncode else []
    return "\n".join(["```console", f"$ agent-platform {example.arguments}", *lines, "```", ""])


def refresh(root: Path) -> Iterator[Path]:
    """Replace every quoted block by fresh output; yields the changed files."""
    for document in documents(root):
        text = document.read_text(encoding="utf-8")
        fresh = text
        for example in examples(document):
            fresh = fresh.replace(_marked(example, example.text), _marked(example, quoted(root, example)))
        if fresh != text:
            document.write_text(fresh, encoding="utf-8")
            yield document.relative_to(root)


def _marked(example: Example, text: str) -> str:
    folder = f" in {example.folder}" if example.folder != "." else ""
    return f"<!-- output{folder}: agent-platform {example.arguments} -->\n{text}<!-- end -->"
