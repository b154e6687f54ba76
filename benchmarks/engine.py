"""Program under the real engine: update of an unchanged stack, and first deployment with typical creation times.

    python -m benchmarks.engine [CLOUD ...] [--write]

The clouds are the fake providers of tests/engine. Bounds: `up` of an unchanged stack takes at most 1.1 times a flat program
with the same resources; with creations that take their typical time, scaled down, `up` takes at most 1.05 times the
longest chain that the cloud requires.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from automation.plan.recorder import record
from automation.stack.document import read_stack
from automation.stack.workdir import PROGRAM
from benchmarks import earlier
from benchmarks.baseline import FOOTER, program_text
from benchmarks.critical_path import chains_of
from benchmarks.measure import ROOT, load, write_section
from tests.engine.language_host.program import AS_SHIPPED
from tests.engine.project import COLLECTION, FAKE_CLOUDS, EngineProject, missing_engine

TITLE = "Under the real engine"
CLOUDS = list(FAKE_CLOUDS)
UNCHANGED_BOUND, WAITING_BOUND = 1.1, 1.05
RUNS = 3
SECONDS_PER_MINUTE = 12.0
"""Duration of a typical minute: long enough that the engine's overhead is a small part of the chain."""

EXPLANATION = (
    "Each program starts in a new interpreter and sends its debug messages, as under the language host that Pulumi ships.\nThe flat"
    " program imports the modules of the SDK by their public names, this one by file (ADR 35), and so loads less of them."
)


@dataclass(frozen=True)
class UnchangedUp:
    """Median seconds of `up` without changes, of this program and of the flat program."""

    cloud: str
    resources: int
    program: float
    flat: float

    @property
    def ratio(self) -> float:
        """This program over the flat program."""
        return self.program / self.flat


@dataclass(frozen=True)
class FirstUp:
    """Seconds of a first `up`, and of the longest chain that the cloud requires."""

    cloud: str
    seconds: float
    required: float

    @property
    def ratio(self) -> float:
        """Measured over required."""
        return self.seconds / self.required


def measure_unchanged_up(cloud: str, home: Path, runs: int = RUNS) -> UnchangedUp:
    """Deploy both programs, then update the unchanged stacks alternately."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / PROGRAM, stack.name, stack.config, stack.secret_keys)
    ours, flat = (as_shipped(EngineProject.create(home / name).init(cloud)) for name in ("ours", "flat"))
    flat_program = program_text(plan).replace(FOOTER, "\n\nprogram()\n")
    (flat.folder / PROGRAM).write_text(flat_program, encoding="utf-8")
    projects = (ours, flat)
    for project in projects:
        project.up()
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(runs):
        for project, results in zip(projects, seconds, strict=True):
            results.append(timed(partial(project.up, "--expect-no-changes")))
    return UnchangedUp(cloud, len(plan.resources), *(statistics.median(results) for results in seconds))


def measure_first_up(cloud: str, home: Path) -> FirstUp:
    """Deploy a stack whose resources take their typical creation time, at `SECONDS_PER_MINUTE`."""
    project = as_shipped(EngineProject.create(home / "first").init(cloud))
    project.cloud.set("seconds_a_minute", SECONDS_PER_MINUTE)
    return FirstUp(cloud, timed(project.up), chains_of(cloud).required * SECONDS_PER_MINUTE)


def as_shipped(project: EngineProject) -> EngineProject:
    """Let the programs of a project start in a new interpreter, as a user's do, and the engine with its own settings."""
    kept = {name: value for name, value in project.environment.items() if name not in COLLECTION}
    return replace(project, environment={**kept, AS_SHIPPED: "true"})


def timed(run: Callable[[], object]) -> float:
    """Return the wall seconds of a call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """Return the measurements as Markdown tables, and whether both bounds hold on every cloud."""
    with tempfile.TemporaryDirectory() as name:
        unchanged = [measure_unchanged_up(cloud, Path(name) / cloud) for cloud in clouds]
        first = [measure_first_up(cloud, Path(name) / cloud) for cloud in clouds]
    lines = [
        f"| cloud | resources | unchanged up s | flat program s | ratio (<= {UNCHANGED_BOUND}) | at {earlier.COMMIT} |",
        "|---|---|---|---|---|---|",
        *(
            f"| {m.cloud} | {m.resources} | {m.program:.1f} | {m.flat:.1f} | {m.ratio:.2f} | {earlier.UNCHANGED_RATIO[m.cloud]:.2f} |"
            for m in unchanged
        ),
        "",
        EXPLANATION,
        "",
        f"A typical minute as {SECONDS_PER_MINUTE:g} seconds:",
        "",
        f"| cloud | first up s | longest required chain s | ratio (<= {WAITING_BOUND}) | at {earlier.COMMIT} |",
        "|---|---|---|---|---|",
        *(
            f"| {m.cloud} | {m.seconds:.1f} | {m.required:.1f} | {m.ratio:.2f} | {earlier.FIRST_RATIO[m.cloud]:.2f} |"
            for m in first
        ),
    ]
    holds = all(m.ratio <= UNCHANGED_BOUND for m in unchanged) and all(m.ratio <= WAITING_BOUND for m in first)
    return "\n".join(lines), holds


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all but docker); return 1 if a bound is exceeded."""
    return benchmark(arguments, CLOUDS, report, TITLE, "benchmarks.engine")


def benchmark(
    arguments: Sequence[str],
    clouds: Sequence[str],
    report: Callable[[Sequence[str]], tuple[str, bool]],
    title: str,
    module: str,
) -> int:
    """Print the report on the named clouds, or on all of `clouds`; return 1 if it exceeds a bound, 2 without an engine."""
    missing = missing_engine()
    if missing:
        print(missing, file=sys.stderr)
        return 2
    named = [argument for argument in arguments if not argument.startswith("--")]
    load_before = load()
    text, holds = report(named or clouds)
    print(f"load {load_before:.2f}", text, sep="\n\n")
    if "--write" in arguments:
        write_section(title, f"python -m {module} --write", text, load_before)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
