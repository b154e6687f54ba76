"""`docs/benchmarks.md`: one section a benchmark, each with the command that repeats it."""

import os
import platform
import re
from datetime import date

from benchmarks.measure import ROOT

FILE = ROOT / "docs" / "benchmarks.md"
HEADER = "# Measurements\n\nMade by the commands named in each section; ratios matter, seconds depend on the machine.\n"


def write_section(title: str, command: str, text: str) -> None:
    """Replace (or append) the section `title`."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {date.today().isoformat()}"
    section = f"## {title}\n\n`{command}` ({machine})\n\n{text}\n"
    present = FILE.read_text(encoding="utf-8") if FILE.exists() else HEADER
    pattern = re.compile(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    updated = pattern.sub(lambda _: section, present) if pattern.search(present) else f"{present.rstrip()}\n\n{section}"
    FILE.write_text(updated, encoding="utf-8")
