"""Cost of whole processes (wall seconds, CPU time and peak memory), and the sections of docs/benchmarks.md."""

import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 3
FILE = ROOT / "docs" / "benchmarks.md"
HEADER = (
    "# Measurements\n\nMade by the command in each section. Ratios are comparable; seconds depend on the machine.\n"
    "Columns with a commit have earlier figures (`benchmarks/earlier.py`); production had 300, 206 and 188 resources then.\n"
)


MAX_LOAD = 1.5
"""Load of the machine above which nothing is written: processes that share caches and cores cost more CPU time."""
LAUNCHER = """
import os, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds, usage = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Small process that runs the command: the peak memory of a child begins with that of the process that forks it
(getrusage(2), ru_maxrss survives execve), which for a process with an SDK loaded is more than any plan needs."""


@dataclass(frozen=True)
class Cost:
    """Wall seconds, seconds of CPU time and peak resident memory of one process, or medians of several runs."""

    seconds: float
    cpu_seconds: float
    memory_mib: float


def run(command: Sequence[str], folder: Path = ROOT) -> Cost:
    """Return the cost of one run of Python in `folder`; raises RuntimeError if the command fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # The commands come from the benchmarks, never from a user.
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, sys.executable, *command]
    result = subprocess.run(launcher, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    code, seconds, cpu_seconds, memory_kib = map(float, result.stdout.split())
    if code:
        raise RuntimeError(f"{' '.join(command)} exited with {code:g}")
    return Cost(seconds, cpu_seconds, memory_kib / 1024)


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
    """Return the medians of each part of the costs."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
        statistics.median(cost.memory_mib for cost in costs),
    )


def load() -> float:
    """Return the load of the machine over the last minute, before the benchmark adds its own."""
    return os.getloadavg()[0]


def too_busy(load_before: float) -> str | None:
    """Return why nothing may be written at this load of the machine; None if it may."""
    return f"not written: the load was {load_before:.2f}, above {MAX_LOAD}" if load_before > MAX_LOAD else None


def write_section(title: str, command: str, text: str, load_before: float) -> bool:
    """Replace or append the section `title`; write nothing and return False when the machine was busy."""
    busy = too_busy(load_before)
    if busy:
        print(busy, file=sys.stderr)
        return False
    machine = f"{os.cpu_count()} cores, load {load_before:.2f}, Python {platform.python_version()}, {date.today().isoformat()}"
    section = f"## {title}\n\n`{command}` ({machine})\n\n{text}\n"
    current = FILE.read_text(encoding="utf-8") if FILE.exists() else HEADER
    pattern = re.compile(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    updated = pattern.sub(lambda _: section, current) if pattern.search(current) else f"{current.rstrip()}\n\n{section}"
    FILE.write_text(updated, encoding="utf-8")
    return True
