"""Cold `plan --json` compared with the baseline, and its growth from 1 to 50 services.

    python -m benchmarks.program [CLOUD ...] [--write]

Bounds: at most 1.1 times the CPU time and 1.3 times the peak memory of the baseline; cost per service in the upper half of
the growth at most 20 % above the lower half, and its Python calls at most 5 %.
"""

import marshal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from automation.plan.recorder import record
from automation.plan.watch import PlanWatch
from automation.stack.document import read_stack, with_values
from automation.stack.workdir import PROGRAM
from benchmarks import earlier
from benchmarks.baseline import program_text
from benchmarks.measure import ROOT, RUNS, Cost, alternate, load, run, write_section
from components.settings import PLATFORM_KEY
from tests.engine.project import FAKE_CLOUDS

TITLE = "Cold plan compared with the baseline"
TIME_BOUND, MEMORY_BOUND, GROWTH_BOUND, CALLS_BOUND = 1.1, 1.3, 1.2, 1.05
START_BOUND = 0.3
SIZES = (1, 25, 50)
CLOUDS = list(FAKE_CLOUDS)
"""Clouds on which production is planned unchanged; a Docker host and a cluster refuse parts of it."""


@dataclass(frozen=True)
class Ratio:
    """Cost of the plan and of the baseline."""

    cloud: str
    resources: int
    plan: Cost
    baseline: Cost

    @property
    def time(self) -> float:
        """CPU seconds, plan over baseline."""
        return self.plan.cpu_seconds / self.baseline.cpu_seconds

    @property
    def memory(self) -> float:
        """Peak memory, plan over baseline."""
        return self.plan.memory_mib / self.baseline.memory_mib

    @property
    def holds(self) -> bool:
        """True when both bounds hold."""
        return self.time <= TIME_BOUND and self.memory <= MEMORY_BOUND


def compare_with_baseline(cloud: str, runs: int = RUNS) -> Ratio:
    """Measure the cold plan of production on `cloud` and its baseline, alternately."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / PROGRAM, stack.name, stack.config, stack.secret_keys)
    with tempfile.TemporaryDirectory() as folder:
        baseline = Path(folder) / "baseline.py"
        baseline.write_text(program_text(plan), encoding="utf-8")
        command = ["-m", "automation", "plan", "prod", "--cloud", cloud, "--json"]
        measured = alternate(command, [str(baseline)], runs=runs)
    return Ratio(cloud, len(plan.resources), *measured)


@dataclass(frozen=True)
class Growth:
    """Cost of cold plans, and their Python calls, by the number of services."""

    costs: Mapping[int, Cost]
    calls: Mapping[int, int]

    @property
    def time(self) -> float:
        """CPU seconds per service in the upper half of the growth over the lower half; 1 for linear growth."""
        return growth_ratio({size: cost.cpu_seconds for size, cost in self.costs.items()})

    @property
    def work(self) -> float:
        """The same of the calls, which the load of the machine does not change."""
        return growth_ratio(self.calls)

    @property
    def holds(self) -> bool:
        """True when both bounds hold."""
        return self.time <= GROWTH_BOUND and self.work <= CALLS_BOUND


def growth(cloud: str, runs: int = RUNS) -> Growth:
    """Measure cold plans of a stack of 1, 25 and 50 services on `cloud`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = _prepared_plans(cloud, folder)
        costs = alternate(*commands.values(), folder=folder, runs=runs)
        return Growth(dict(zip(commands, costs, strict=True)), _calls(commands, folder))


def count_calls(cloud: str) -> dict[int, int]:
    """Count the Python calls of cold plans of a stack of 1, 25 and 50 services on `cloud`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return _calls(_prepared_plans(cloud, folder), folder)


def _prepared_plans(cloud: str, folder: Path) -> dict[int, list[str]]:
    """Write a program with stacks of each size, and return the commands that plan them."""
    (folder / PROGRAM).symlink_to(ROOT / PROGRAM)
    for size in SIZES:
        (folder / f"Pulumi.services{size}.yaml").write_text(_stack_with_services(size), encoding="utf-8")
    return {size: ["-m", "automation", "plan", f"services{size}", "--cloud", cloud, "--json"] for size in SIZES}


def _calls(commands: Mapping[int, Sequence[str]], folder: Path) -> dict[int, int]:
    calls: dict[int, int] = {}
    for size, command in commands.items():
        profile = folder / f"{size}.profile"
        run(["-m", "cProfile", "-o", str(profile), *command], folder)
        # the file is of this process; it has, by function, the calls without those in a recursion, all calls, and times
        calls[size] = sum(each[1] for each in marshal.loads(profile.read_bytes()).values())  # noqa: S302
    return calls


def _stack_with_services(size: int) -> str:
    service = {
        "app": "fastapi",
        "image": "service@sha256:" + "5" * 64,
        "uses": ["database"],
        "replicas": {"min": 2, "max": 2},
    }
    changes = {
        "services": {f"service{index}": {**service, "path": f"/s{index}"} for index in range(size)},
        "database.size": {"vcpu": 16, "memory_gib": 128},
        "database.parameters.max_connections": 4000,
        "accept_risk": {"ingress.auth": "measured only"},
    }
    platform = with_values(read_stack(ROOT, "prod").platform, changes)
    return yaml.safe_dump({"config": {PLATFORM_KEY: platform}})


def growth_ratio(values: Mapping[int, float]) -> float:
    """Return the growth per service in the upper half of the sizes over that in the lower half; 1 for linear growth."""
    first, middle, last = SIZES
    lower = (values[middle] - values[first]) / (middle - first)
    upper = (values[last] - values[middle]) / (last - middle)
    return upper / lower


def start_costs(runs: int = RUNS) -> dict[str, Cost]:
    """Return the median costs of `--help` and of a stack file that is refused."""
    with tempfile.TemporaryDirectory() as name:
        refused = {"config": {PLATFORM_KEY: {**read_stack(ROOT, "prod").platform, "unknown": 1}}}
        (Path(name) / "Pulumi.refused.yaml").write_text(yaml.safe_dump(refused), encoding="utf-8")
        program = "from automation.cli.main import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
        commands = [["-c", program, "--help"], ["-c", program, "-C", name, "plan", "refused"]]
        return dict(zip(("--help", "plan of a refused file"), alternate(*commands, runs=runs), strict=True))


def watch_line() -> str:
    """Return the CPU time of the plan of production on AWS after a save, with the SDK loaded, as a sentence."""
    watch = PlanWatch(ROOT, "prod", "aws")
    watch.plan_again()
    answers = [replan for _ in range(RUNS) for replan in watch.answer([watch.file])]
    again = sorted(answers, key=lambda replan: replan.cpu_seconds)[RUNS // 2]
    count = len(again.plan.inventory.resources) if again.plan else 0
    return f"`plan --watch` plans {count} resources on aws again in {again.cpu_seconds:.2f} s of CPU time (<= 1.0)."


def report(clouds: Sequence[str], runs: int = RUNS) -> tuple[str, bool]:
    """Return the measurements as a Markdown section, and whether every bound holds."""
    ratios = [compare_with_baseline(cloud, runs) for cloud in clouds]
    start = start_costs(runs)
    curves = {cloud: growth(cloud, runs) for cloud in clouds}
    lines = [
        "| cloud | resources | plan CPU s | baseline CPU s | CPU ratio (<= 1.1) | plan MiB | baseline MiB | memory ratio (<= 1.3) "
        f"| plan CPU s at {earlier.COMMIT} | CPU ratio then |",
        f"|{'---|' * 10}",
        *(_row(ratio) for ratio in ratios),
        "",
        f"| cloud | {' | '.join(f'{size} services CPU s' for size in SIZES)} | upper half / lower half (<= 1.2) "
        f"| the same of Python calls (<= {CALLS_BOUND}) | CPU at {earlier.COMMIT} |",
        f"|---|{'---|' * (len(SIZES) + 3)}",
        *(_growth_row(cloud, curve) for cloud, curve in curves.items()),
    ]
    lines += ["", f"| command | CPU s (<= {START_BOUND}) | MiB |", "|---|---|---|"]
    lines += [f"| {name} | {cost.cpu_seconds:.2f} | {cost.memory_mib:.0f} |" for name, cost in start.items()]
    lines += ["", watch_line()]
    holds = all(cost.cpu_seconds <= START_BOUND for cost in start.values())
    holds = holds and all(ratio.holds for ratio in ratios) and all(curve.holds for curve in curves.values())
    return "\n".join(lines), holds


def _row(ratio: Ratio) -> str:
    plan, baseline = ratio.plan, ratio.baseline
    return (
        f"| {ratio.cloud} | {ratio.resources} | {plan.cpu_seconds:.2f} | {baseline.cpu_seconds:.2f} | {ratio.time:.2f} "
        f"| {plan.memory_mib:.0f} | {baseline.memory_mib:.0f} | {ratio.memory:.2f} "
        f"| {earlier.PLAN_CPU_SECONDS[ratio.cloud]:.2f} | {earlier.PLAN_RATIO[ratio.cloud]:.2f} |"
    )


def _growth_row(cloud: str, curve: Growth) -> str:
    seconds = " | ".join(f"{curve.costs[size].cpu_seconds:.2f}" for size in SIZES)
    return f"| {cloud} | {seconds} | {curve.time:.2f} | {curve.work:.2f} | {earlier.GROWTH_RATIO[cloud]:.2f} |"


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all but docker); return 1 if a bound is exceeded."""
    clouds = [argument for argument in arguments if not argument.startswith("--")] or CLOUDS
    load_before = load()
    text, holds = report(clouds)
    print(f"load {load_before:.2f}", text, sep="\n\n")
    if "--write" in arguments:
        write_section(TITLE, "python -m benchmarks.program --write", text, load_before)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
