"""Engine work of a step of a rollout, compared with an unchanged `up`.

    python -m benchmarks.rollout [CLOUD ...] [--write]

The clouds are the fake providers of tests/engine; those are measured on which a step is an update. Bound: a step (its record and
the update of the service) takes at most 1.5 times `Deployment.up` of the unchanged production platform, with its preview.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from automation import Deployment
from automation.rollout.stack_rollouts import ServiceRollout, StackRollouts
from benchmarks.engine import benchmark, timed
from tests.engine.project import STACK, EngineProject
from tests.engine.rollout_cloud import SERVICE_TYPES
from tests.engine.rollout_ecs import cloud_shell
from tests.planning import production

TITLE = "Steps of rollouts"
STEP_BOUND = 1.5
SERVICE = "gateway"
STEPS = (10, 50, 100)
ROLLOUT = {"strategy": "canary", "steps": list(STEPS), "bake_minutes": 3}


@dataclass(frozen=True)
class StepCost:
    """Median seconds of an unchanged `up`, and of a step."""

    cloud: str
    unchanged: float
    step: float

    @property
    def ratio(self) -> float:
        """Step over unchanged update."""
        return self.step / self.unchanged


def measure_steps(cloud: str, home: Path) -> StepCost:
    """Deploy production, update it without a change, then roll a new revision out and time its steps."""
    project = EngineProject.create(home).init(cloud, {f"services.{SERVICE}.rollout": ROLLOUT})
    project.up()
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    unchanged = [timed(deployment.up) for _ in STEPS]
    changes = {f"services.{SERVICE}.rollout": ROLLOUT, f"services.{SERVICE}.environment": {"RELEASE": "2"}}
    project.write(production(changes, cloud))
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    rollouts = StackRollouts(deployment, lambda text: None, shell=cloud_shell(project, cloud))
    rollouts.prepare()
    preview = deployment.preview()
    rollouts.begin(preview)
    deployment.up(preview=preview)
    port, record = ServiceRollout(rollouts, SERVICE), rollouts.records[SERVICE]
    steps: list[float] = []
    for number in range(1, len(STEPS) + 1):
        record = replace(record, step=number)
        steps.append(timed(lambda record=record: (port.write(record), port.move(record))))
    return StepCost(cloud, statistics.median(unchanged), statistics.median(steps))


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """Return the measurements as a Markdown table, and whether the bound holds on every cloud."""
    with tempfile.TemporaryDirectory() as name:
        costs = [measure_steps(cloud, Path(name) / cloud) for cloud in clouds]
    lines = [
        f"| cloud | unchanged up s | step of a rollout s | ratio (<= {STEP_BOUND}) |",
        "|---|---|---|---|",
        *(f"| {each.cloud} | {each.unchanged:.1f} | {each.step:.1f} | {each.ratio:.2f} |" for each in costs),
    ]
    return "\n".join(lines), all(each.ratio <= STEP_BOUND for each in costs)


def main(arguments: Sequence[str]) -> int:
    """Measure the named clouds (default: all on which a step is an update); return 1 if the bound is exceeded."""
    return benchmark(arguments, list(SERVICE_TYPES), report, TITLE, "benchmarks.rollout")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
