"""Whole processes, measured from outside: wall seconds and peak memory, the median of several runs."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 5


@dataclass(frozen=True)
class Cost:
    """Wall seconds and peak resident memory in MiB of one process; medians when there were several runs."""

    seconds: float
    memory_mib: float


def run(command: Sequence[str], folder: Path = ROOT) -> Cost:
    """The cost of one run of Python in `folder`; raises RuntimeError when the command fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    # The commands are this module's callers' own, never a user's.
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def alternate(*commands: Sequence[str], folder: Path = ROOT, runs: int = RUNS) -> list[Cost]:
    """Median costs of several commands, run in turn so that a drift of the machine meets them all; one warm-up each."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, kept in zip(commands, costs, strict=True):
            cost = run(command, folder)
            if turn > 0:
                kept.append(cost)
    return [median(kept) for kept in costs]


def median(costs: Sequence[Cost]) -> Cost:
    """Medians of seconds and of memory."""
    return Cost(statistics.median(c.seconds for c in costs), statistics.median(c.memory_mib for c in costs))
