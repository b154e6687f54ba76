"""Quoted output in Markdown is real: each block between two marks is what its command printed.

    <!-- output: agent-platform plan prod --brief -->
    (a console block, made by `agent-platform config examples`)
    <!-- end -->

With `in FOLDER` after `output`, the command runs there, so that a deliberately broken stack file can be shown.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(
    r"<!-- output(?: in (?P<folder>\S+))?: agent-platform (?P<words>.+?) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL
)


@dataclass(frozen=True)
class Example:
    """One quoted command: where it runs, its words, and what stands in the document now."""

    folder: str
    words: str
    text: str


def documents(root: Path) -> list[Path]:
    """Markdown files that may quote output."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def examples(document: Path) -> Iterator[Example]:
    """Quoted commands of a document, in order."""
    for found in MARK.finditer(document.read_text(encoding="utf-8")):
        yield Example(found["folder"] or ".", found["words"], found["text"])


def quoted(root: Path, example: Example) -> str:
    """The block that the command's output makes; a failing command's exit code is quoted too."""
    command = [sys.executable, "-m", "automation", *shlex.split(example.words)]
    environment = {"PYTHONPATH": str(root), "NO_COLOR": "1", "PATH": ""}
    # The words come from this repository's own documents.
    ended = subprocess.run(  # noqa: S603
        command, cwd=root / example.folder, env=environment, capture_output=True, text=True, check=False
    )
    lines = [line.rstrip() for line in f"{ended.stdout}{ended.stderr}".rstrip().splitlines()]
    lines += ["$ echo $?", str(ended.returncode)] if ended.returncode else []
    return "\n".join(["```console", f"$ agent-platform {example.words}", *lines, "```", ""])


def refresh(root: Path) -> Iterator[Path]:
    """Put fresh output into every document that quotes some; yields the files written."""
    for document in documents(root):
        text = document.read_text(encoding="utf-8")
        fresh = text
        for example in examples(document):
            fresh = fresh.replace(_marked(example, example.text), _marked(example, quoted(root, example)))
        if fresh != text:
            document.write_text(fresh, encoding="utf-8")
            yield document.relative_to(root)


def _marked(example: Example, text: str) -> str:
    where = f" in {example.folder}" if example.folder != "." else ""
    return f"<!-- output{where}: agent-platform {example.words} -->\n{text}<!-- end -->"
