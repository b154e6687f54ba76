"""The program under the real engine: an unchanged stack against a flat program, and how long a creation waits.

    python -m benchmarks.engine [CLOUD ...] [--write]

The clouds are the stand-ins of tests/engine. Bounds: `up` of an unchanged stack takes at most 1.5 times a flat program
with the same resources; with creations that take their typical time, scaled down, `up` takes at most 1.15 times the
longest chain that the cloud forces.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from automation.plan.build import PROGRAM
from automation.plan.recorder import record
from automation.stack.document import read_stack
from benchmarks.critical_path import chains_of
from benchmarks.floor import FOOTER, program_text
from benchmarks.measure import ROOT
from benchmarks.report import write_section
from providers import AVAILABLE
from tests.engine.project import EngineProject, missing_programs

UNCHANGED_BOUND, WAITING_BOUND = 1.5, 1.15
RUNS = 3
SECONDS_A_MINUTE = 12.0
"""A typical minute in the second measurement: long enough that the engine's own work is no large part of the chain."""


@dataclass(frozen=True)
class Unchanged:
    """Median seconds of `up` where nothing changed: this program, and the flat one."""

    cloud: str
    resources: int
    program: float
    flat: float

    @property
    def ratio(self) -> float:
        """This program over the flat one."""
        return self.program / self.flat


@dataclass(frozen=True)
class Waiting:
    """Seconds of a first `up`, and those of the longest chain that the cloud forces."""

    cloud: str
    seconds: float
    forced: float

    @property
    def ratio(self) -> float:
        """Measured over forced."""
        return self.seconds / self.forced


def unchanged(cloud: str, home: Path, runs: int = RUNS) -> Unchanged:
    """Both programs brought up once, then run in turn on what stands."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / PROGRAM, stack.name, stack.config, stack.secret_keys)
    ours, flat = EngineProject.create(home / "ours").init(cloud), EngineProject.create(home / "flat").init(cloud)
    flat_program = program_text(plan).replace(FOOTER, "\n\nprogram()\n")
    (flat.folder / PROGRAM).write_text(flat_program, encoding="utf-8")
    projects = (ours, flat)
    for project in projects:
        project.up()
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(runs):
        for project, kept in zip(projects, seconds, strict=True):
            kept.append(timed(project, "--expect-no-changes"))
    return Unchanged(cloud, len(plan.resources), *(statistics.median(kept) for kept in seconds))


def waiting(cloud: str, home: Path) -> Waiting:
    """A first `up` in which every creation takes its typical time, a minute being `SECONDS_A_MINUTE`."""
    project = EngineProject.create(home / "waiting").init(cloud)
    project.cloud.set("seconds_a_minute", SECONDS_A_MINUTE)
    return Waiting(cloud, timed(project), chains_of(cloud).forced * SECONDS_A_MINUTE)


def timed(project: EngineProject, *arguments: str) -> float:
    """Wall seconds of an `up`."""
    start = time.perf_counter()
    project.up(*arguments)
    return time.perf_counter() - start


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """The measurements as Markdown tables, and whether both bounds hold on every cloud."""
    with tempfile.TemporaryDirectory() as name:
        same = [unchanged(cloud, Path(name) / cloud) for cloud in clouds]
        waited = [waiting(cloud, Path(name) / cloud) for cloud in clouds]
    lines = [
        f"| cloud | resources | unchanged up s | flat program s | ratio (<= {UNCHANGED_BOUND}) |",
        "|---|---|---|---|---|",
        *(f"| {m.cloud} | {m.resources} | {m.program:.1f} | {m.flat:.1f} | {m.ratio:.2f} |" for m in same),
        "",
        f"A typical minute as {SECONDS_A_MINUTE:g} seconds:",
        "",
        f"| cloud | first up s | longest forced chain s | ratio (<= {WAITING_BOUND}) |",
        "|---|---|---|---|",
        *(f"| {m.cloud} | {m.seconds:.1f} | {m.forced:.1f} | {m.ratio:.2f} |" for m in waited),
    ]
    holds = all(m.ratio <= UNCHANGED_BOUND for m in same) and all(m.ratio <= WAITING_BOUND for m in waited)
    return "\n".join(lines), holds


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all that have a stand-in); exit code 1 when a bound is broken."""
    missing = missing_programs()
    if missing:
        print(f"the Pulumi engine is not on PATH: {missing}", file=sys.stderr)
        return 2
    clouds = [argument for argument in arguments if not argument.startswith("--")]
    text, holds = report(clouds or [cloud for cloud in AVAILABLE if cloud != "docker"])
    print(text)
    if "--write" in arguments:
        write_section("Under the real engine", "python -m benchmarks.engine --write", text)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
