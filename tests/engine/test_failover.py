"""Failover with the real engine: the other region takes its role while the provider of the lost one does not answer."""

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import pytest

from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.partial_program import deploy_targets
from automation.deploy.targets import FAILOVER_MESSAGE
from automation.failover.stack_failover import StackFailover
from automation.plan.inventory import Value
from tests.engine.conftest import need_engine
from tests.engine.project import STACK, EngineProject, small_platform

HOME, STANDBY = "us-west-2", "us-east-1"
RECOVERY = {"mode": "warm", "standby_region": STANDBY, "standby_replicas": 0}
CIPHERTEXT = re.compile(r'"ciphertext": "[^"]*"')
INSTANCE = "aws:rds/instance:Instance"


@contextmanager
def phase(_title: str) -> Generator[OnEvent]:
    yield lambda _event: None


@pytest.fixture(scope="module")
def warm_project(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform in two regions."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("warm"))
    project.cloud.set("second_region", STANDBY)
    project.init_with(small_platform("aws", recovery=RECOVERY))
    project.up()
    return project


def failover_of(project: EngineProject) -> StackFailover:
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    return StackFailover(deployment, lambda _line: None, phase)


def by_urn(project: EngineProject) -> Mapping[str, Mapping[str, Value]]:
    return {str(each["urn"]): each for each in project.state()}


def differing(before: Mapping[str, Mapping[str, Value]], after: Mapping[str, Mapping[str, Value]]) -> set[str]:
    """URNs of the resources whose inputs differ, without the encrypted values, which differ in each export."""

    def text(of: Mapping[str, Value]) -> str:
        return CIPHERTEXT.sub("", json.dumps(of.get("inputs"), sort_keys=True))

    return {urn for urn in after if text(after[urn]) != text(before[urn])}


def promoted_by_command(project: EngineProject) -> None:
    """Do to the cloud what `aws rds promote-read-replica` does."""
    project.cloud.change(f"{INSTANCE}@{STANDBY}", f"{STACK}-{STANDBY}-database", "replicateSourceDb", None)


def test_a_region_serves_while_the_provider_of_the_other_one_does_not_answer(
    warm_project: EngineProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = warm_project.copy(tmp_path_factory.mktemp("lost"))
    before = by_urn(project)
    project.cloud.set("lost_region", HOME)
    promoted_by_command(project)
    failover = failover_of(project)
    changed = {str(urn) for urn in failover.targets(STANDBY)}
    failover.adopt(STANDBY)

    after = by_urn(project)
    assert after.keys() == before.keys()
    # the number of tasks is that of autoscaling, and no difference of the program's
    unchanged = {urn for urn in changed if "aws:ecs/service:Service" in urn}
    assert differing(before, after) == changed - unchanged
    assert {urn.rpartition(":")[2] for urn in changed} >= {f"{STACK}-{STANDBY}-database"}
    assert any("appautoscaling" in urn for urn in changed)
    assert not project.cloud.calls("Configure")
    assert not project.cloud.calls("delete")
    (database,) = [each for urn, each in after.items() if urn.endswith(f"{INSTANCE}::{STACK}-{STANDBY}-database")]
    inputs = database["inputs"]
    assert isinstance(inputs, Mapping) and "replicateSourceDb" not in inputs

    # when the region answers again the whole stack is up to date but for what the role decides there
    project.cloud.set("lost_region", "")
    steps = [step for step in project.steps() if step["op"] not in ("same", "refresh")]
    assert {step["op"] for step in steps} <= {"update"}
    assert not [step["urn"] for step in steps if f"{STACK}-{STANDBY}" in step["urn"].rpartition("::")[2]]


def test_an_update_that_registers_the_lost_region_waits_for_it_and_fails(
    warm_project: EngineProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = warm_project.copy(tmp_path_factory.mktemp("registered"))
    project.cloud.set("lost_region", HOME)
    failover = failover_of(project)
    targets = failover.targets(STANDBY)
    failover.deployment.workdir.set_values({"recovery.active_region": STANDBY})
    with pytest.raises(DeploymentFailed):
        deploy_targets(failover.deployment, targets, FAILOVER_MESSAGE)
    assert project.cloud.calls("Configure") == [("lost region", HOME)]
