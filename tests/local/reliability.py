"""What was measured of load, faults and recovery: the table of docs/reliability.md.

RELIABILITY=/tmp/reliability.jsonl pytest tests/local && python -m tests.local.reliability /tmp/reliability.jsonl
"""

import json
import os
import sys
from pathlib import Path

from tests.planning import ROOT

VARIABLE = "RELIABILITY"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = "| what | requests | answered again after | whole again after |\n|---|---|---|---|"


def note(what: str, requests: str, answered_seconds: float | None, whole_seconds: float | None) -> None:
    """One line: what was done, what became of the requests meanwhile, when all were answered and all was well again."""
    if path := os.environ.get(VARIABLE):
        line = json.dumps([what, requests, _seconds(answered_seconds), _seconds(whole_seconds)])
        with Path(path).open("a", encoding="utf-8") as table:
            table.write(f"{line}\n")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s" if value else "at once"


def write_table(measured: Path) -> None:
    """Put the lines of a run into the page."""
    lines = [json.loads(line) for line in measured.read_text(encoding="utf-8").splitlines()]
    table = "\n".join([HEAD, *(f"| {' | '.join(line)} |" for line in lines)])
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_table(Path(sys.argv[1]))
