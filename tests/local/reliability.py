"""Measurements of load, faults and recovery, written to the table of docs/reliability.md.

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
HEAD = "| event | requests | answered again after | healthy again after |\n|---|---|---|---|"


def record(
    event: str, requests: str, answering_after_seconds: float | None, healthy_after_seconds: float | None
) -> None:
    """Append a line: the event, the requests during it, and the time until all were answered and all parts were healthy."""
    if path := os.environ.get(VARIABLE):
        line = json.dumps([event, requests, _seconds(answering_after_seconds), _seconds(healthy_after_seconds)])
        with Path(path).open("a", encoding="utf-8") as table:
            table.write(f"{line}\n")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s" if value else "at once"


def write_table(measured: Path) -> None:
    """Write the lines of a run into the page."""
    lines = [json.loads(line) for line in measured.read_text(encoding="utf-8").splitlines()]
    table = "\n".join([HEAD, *(f"| {' | '.join(line)} |" for line in lines)])
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_table(Path(sys.argv[1]))
