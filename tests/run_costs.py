"""CPU time and recorded plans of a test run, printed at its end, and the number of plans that `make test` may record.

A test of a plan is cheap alone, and together they are most of the suite. Their number does not depend on the machine
and its load, so a run fails for it and not for its time.
"""

import os
from typing import Protocol

import pytest

from tests.recordings import RECORDED

MAX_RECORDINGS = 1350
"""Plans that the tests without the mark `long` may record."""
OUTPUT = "run_costs"
"""Key of the figures in what a worker returns."""


class Worker(Protocol):
    """Worker of pytest-xdist, seen from the process that prints the report."""

    workeroutput: dict[str, tuple[float, int]]


def own_cpu_seconds() -> float:
    """CPU time of this process."""
    times = os.times()
    return times.user + times.system


def cpu_seconds() -> float:
    """CPU time of this process and of the programs that it has started and waited for."""
    times = os.times()
    return own_cpu_seconds() + times.children_user + times.children_system


class WorkerCosts:
    """Plugin of a worker, which returns its figures."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Return the CPU time and the number of recordings of the worker."""
        output: dict[str, object] = getattr(session.config, "workeroutput")  # noqa: B009  # an attribute of pytest-xdist
        output[OUTPUT] = (cpu_seconds(), RECORDED.count)


class RunCosts:
    """Plugin of the process that prints the report, which is the only one without pytest-xdist."""

    def __init__(self, markers: str) -> None:
        self.limit = MAX_RECORDINGS if markers == "not long" else None
        self.workers: list[float] = []
        self.recordings = 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Worker) -> None:
        """Add a worker that has ended; one that has crashed returns nothing."""
        seconds, recordings = getattr(node, "workeroutput", {}).get(OUTPUT, (0.0, 0))
        self.workers.append(seconds)
        self.recordings += recordings

    @property
    def is_exceeded(self) -> bool:
        """True if more plans were recorded than the run may record."""
        return self.limit is not None and self.recordings + RECORDED.count > self.limit

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a run fail that has recorded too many plans."""
        if self.is_exceeded and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the figures, and what to do about too many recordings."""
        # with workers, they are the programs that this process has started
        seconds = [own_cpu_seconds(), *self.workers] if self.workers else [cpu_seconds()]
        each = " + ".join(f"{process:.0f}" for process in seconds)
        recordings = self.recordings + RECORDED.count
        terminalreporter.write_line(f"{sum(seconds):.0f} s of CPU time ({each}), {recordings} plans recorded")
        if self.is_exceeded:
            terminalreporter.write_line(
                f"More than {self.limit} plans: let tests share one (tests/planning.py) or mark some `long`.", red=True
            )
