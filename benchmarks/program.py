"""Cold `plan --json` against the bare floor, and growth from 1 to 50 services.

    python -m benchmarks.program [CLOUD ...] [--write]

Bounds: at most 1.5 times the floor in time and 1.3 in peak memory; cost per service within 20 % between the lower
and the upper half of the growth.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from automation.plan.build import PROGRAM
from automation.plan.recorder import record
from automation.stack.document import read_stack
from benchmarks.floor import program_text
from benchmarks.measure import ROOT, RUNS, Cost, alternate
from benchmarks.report import write_section
from components.settings import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.spec.defaults import Raw

TIME_BOUND, MEMORY_BOUND, GROWTH_BOUND = 1.5, 1.3, 1.2
SIZES = (1, 25, 50)
CLOUDS = [cloud for cloud in AVAILABLE if cloud != "docker"]
"""Where production stands as its file says; one machine refuses a part of it."""


@dataclass(frozen=True)
class Ratio:
    """The plan's cost over the floor's."""

    cloud: str
    resources: int
    plan: Cost
    floor: Cost

    @property
    def time(self) -> float:
        """Wall seconds, plan over floor."""
        return self.plan.seconds / self.floor.seconds

    @property
    def memory(self) -> float:
        """Peak memory, plan over floor."""
        return self.plan.memory_mib / self.floor.memory_mib

    @property
    def holds(self) -> bool:
        """True when both bounds hold."""
        return self.time <= TIME_BOUND and self.memory <= MEMORY_BOUND


def against_floor(cloud: str, runs: int = RUNS) -> Ratio:
    """Production on `cloud`: cold plan and cold floor, run in turn."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / PROGRAM, stack.name, stack.config, stack.secret_keys)
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder) / "floor.py"
        floor.write_text(program_text(plan), encoding="utf-8")
        command = ["-m", "automation", "plan", "prod", "--cloud", cloud, "--json"]
        measured = alternate(command, [str(floor)], runs=runs)
    return Ratio(cloud, len(plan.resources), *measured)


def growth(cloud: str, runs: int = RUNS) -> dict[int, Cost]:
    """Cold plans of a stack of 1, 25 and 50 services on `cloud`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / PROGRAM).symlink_to(ROOT / PROGRAM)
        for size in SIZES:
            (folder / f"Pulumi.grown{size}.yaml").write_text(_grown(size), encoding="utf-8")
        commands = [["-m", "automation", "plan", f"grown{size}", "--cloud", cloud, "--json"] for size in SIZES]
        return dict(zip(SIZES, alternate(*commands, folder=folder, runs=runs), strict=True))


def _grown(size: int) -> str:
    document = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    platform = cast("Raw", document["config"][PLATFORM_KEY])
    service = {"app": "fastapi", "image": "grown@sha256:" + "5" * 64, "uses": ["database"]}
    platform["services"] = {f"s{index}": {**service, "path": f"/s{index}"} for index in range(size)}
    return yaml.safe_dump(document)


def curvature(costs: dict[int, Cost]) -> float:
    """Seconds per service in the upper half of the growth over those in the lower half; 1 is a straight line."""
    first, middle, last = SIZES
    lower = (costs[middle].seconds - costs[first].seconds) / (middle - first)
    upper = (costs[last].seconds - costs[middle].seconds) / (last - middle)
    return upper / lower


def report(clouds: Sequence[str], runs: int = RUNS) -> tuple[str, bool]:
    """The measurements as a Markdown section, and whether every bound holds."""
    ratios = [against_floor(cloud, runs) for cloud in clouds]
    curves = {cloud: growth(cloud, runs) for cloud in clouds}
    lines = [
        "| cloud | resources | plan s | floor s | time ratio (<= 1.5) | plan MiB | floor MiB | memory ratio (<= 1.3) |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(ratio) for ratio in ratios),
        "",
        f"| cloud | {' | '.join(f'{size} services s' for size in SIZES)} | upper half / lower half (<= 1.2) |",
        f"|---|{'---|' * (len(SIZES) + 1)}",
        *(_growth_row(cloud, costs) for cloud, costs in curves.items()),
    ]
    holds = all(ratio.holds for ratio in ratios) and all(curvature(c) <= GROWTH_BOUND for c in curves.values())
    return "\n".join(lines), holds


def _row(ratio: Ratio) -> str:
    plan, floor = ratio.plan, ratio.floor
    return (
        f"| {ratio.cloud} | {ratio.resources} | {plan.seconds:.2f} | {floor.seconds:.2f} | {ratio.time:.2f} "
        f"| {plan.memory_mib:.0f} | {floor.memory_mib:.0f} | {ratio.memory:.2f} |"
    )


def _growth_row(cloud: str, costs: dict[int, Cost]) -> str:
    seconds = " | ".join(f"{costs[size].seconds:.2f}" for size in SIZES)
    return f"| {cloud} | {seconds} | {curvature(costs):.2f} |"


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all); exit code 1 when a bound is broken."""
    clouds = [argument for argument in arguments if not argument.startswith("--")] or CLOUDS
    text, holds = report(clouds)
    print(text)
    if "--write" in arguments:
        write_section("Cold plan against the floor", "python -m benchmarks.program --write", text)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
