"""Cost of whole processes (wall seconds and peak memory), and the sections of docs/benchmarks.md."""

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 5
FILE = ROOT / "docs" / "benchmarks.md"
HEADER = (
    "# Measurements\n\nMade by the command in each section. Ratios are comparable; seconds depend on the machine.\n"
)


@dataclass(frozen=True)
class Cost:
    """Wall seconds and peak resident memory of one process, or medians of several runs."""

    seconds: float
    memory_mib: float


def run(command: Sequence[str], folder: Path = ROOT) -> Cost:
    """Return the cost of one run of Python in `folder`; raises RuntimeError if the command fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    # The commands come from the benchmarks, never from a user.
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def alternate(*commands: Sequence[str], folder: Path = ROOT, runs: int = RUNS) -> list[Cost]:
    """Return median costs of several commands after a warm-up; they alternate, so that load on the machine affects all."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, results in zip(commands, costs, strict=True):
            cost = run(command, folder)
            if turn > 0:
                results.append(cost)
    return [median(results) for results in costs]


def median(costs: Sequence[Cost]) -> Cost:
    """Return the medians of seconds and of memory."""
    return Cost(statistics.median(c.seconds for c in costs), statistics.median(c.memory_mib for c in costs))


def write_section(title: str, command: str, text: str) -> None:
    """Replace or append the section `title`."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {date.today().isoformat()}"
    section = f"## {title}\n\n`{command}` ({machine})\n\n{text}\n"
    current = FILE.read_text(encoding="utf-8") if FILE.exists() else HEADER
    pattern = re.compile(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    updated = pattern.sub(lambda _: section, current) if pattern.search(current) else f"{current.rstrip()}\n\n{section}"
    FILE.write_text(updated, encoding="utf-8")
