"""Engine work of a failover, compared with an unchanged `up`.

    python -m benchmarks.failover [CLOUD ...] [--write]

The cloud is the fake one of tests/engine, whose creations take no time: promotion, starts of tasks and DNS come in addition. Bound: the
update that lets the other region serve, with the two plans that find its targets, takes at most 3 times `Deployment.up` of the unchanged
production platform in both regions, with its preview.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from automation.failover.begin import next_record
from benchmarks.engine import benchmark, timed
from tests.engine.project import EngineProject
from tests.engine.warm_aws import HOME, RECOVERY, STANDBY, WarmStack
from tests.planning import production

TITLE = "Failover"
CLOUDS = ("aws",)
ADOPTION_BOUND = 3.0
RUNS = 3


@dataclass(frozen=True)
class FailoverCost:
    """Median seconds of an unchanged `up`, of the update of the region that is to serve, and of the whole stack afterwards."""

    cloud: str
    unchanged: float
    adoption: float
    reduction: float
    resources: int

    @property
    def ratio(self) -> float:
        """Update of the region over the unchanged update."""
        return self.adoption / self.unchanged


def measure_failover(cloud: str, home: Path, runs: int = RUNS) -> FailoverCost:
    """Deploy production in both regions, update it without a change, then let each region serve in turn."""
    project = EngineProject.create(home)
    project.cloud.set("second_region", STANDBY)
    project.init_with(production({"recovery": RECOVERY}, cloud))
    project.up()
    stack = WarmStack(project)
    unchanged, adoptions, reductions = list[float](), list[float](), list[float]()
    for number in range(runs):
        region = HOME if number % 2 else STANDBY
        unchanged.append(timed(stack.deployment.up))
        stack.promote_by_hand(region)
        failover = stack.failover
        adoptions.append(timed(partial(failover.adopt, region)))
        # the phases are those of a failover that a person continues: without them, an update refuses to move requests to old data
        record = replace(next_record(failover, "failover", planned=True), source=failover.other(region), target=region)
        failover.write(replace(record, phase="finishing"))
        reductions.append(timed(failover.converge))
        failover.write(replace(record, phase="done"))
    medians = (statistics.median(each) for each in (unchanged, adoptions, reductions))
    return FailoverCost(cloud, *medians, resources=len(project.state()))


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """Return the measurements as a Markdown table, and whether the bound holds."""
    with tempfile.TemporaryDirectory() as name:
        costs = [measure_failover(cloud, Path(name) / cloud) for cloud in clouds]
    lines = [
        f"| cloud | resources | unchanged up s | other region serves s | ratio (<= {ADOPTION_BOUND}) | first region reduced s |",
        "|---|---|---|---|---|---|",
        *(
            f"| {each.cloud} | {each.resources} | {each.unchanged:.1f} | {each.adoption:.1f} | {each.ratio:.2f} | {each.reduction:.1f} |"
            for each in costs
        ),
    ]
    return "\n".join(lines), all(each.ratio <= ADOPTION_BOUND for each in costs)


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all with a fake standby region); return 1 if the bound is exceeded."""
    return benchmark(arguments, list(CLOUDS), report, TITLE, "benchmarks.failover")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
