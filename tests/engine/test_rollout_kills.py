"""Rollouts in steps whose process ends at any call that changes something, with the real engine."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.rollout.stack_rollouts import StackRollouts
from tests.engine.project import EngineProject
from tests.engine.rollout_cloud import SERVICE_TYPES, failing_at
from tests.engine.rollout_ecs import NEXT_NAME, ROUTE, EcsShell
from tests.engine.test_rollouts import CLOUDS, roll_out, shell_of, write

pytestmark = pytest.mark.long(reason="a finished rollout is in the chosen set")
on_aws = pytest.mark.parametrize("cloud", [pytest.param("aws", marks=pytest.mark.xdist_group("aws"))], indirect=True)
on_every_cloud = pytest.mark.parametrize("cloud", CLOUDS, indirect=True)
RULE = "aws:lb/listenerRule:ListenerRule"


@pytest.fixture(scope="module")
def standing(small_project: EngineProject, cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform with a canary rollout and a smoke test for its gateway, deployed with the first image."""
    project = small_project.copy(tmp_path_factory.mktemp(f"kills-{cloud}"))
    write(project, cloud, 1, smoke={"path": "/ready"})
    project.up()
    return project


@pytest.fixture
def project(standing: EngineProject, cloud: str, tmp_path: Path) -> EngineProject:
    """Copy whose file has the second image."""
    copy = standing.copy(tmp_path)
    write(copy, cloud, 2, smoke={"path": "/ready"})
    return copy


@contextmanager
def ended(method: str, number: int, *, done: bool) -> Generator[None]:
    """End the process at a call of a method of `StackRollouts`: before it, or when it is done."""
    original: Callable[..., None] = getattr(StackRollouts, method)
    calls = 0

    def call(self: StackRollouts, *arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == number and not done:
            raise SystemExit
        original(self, *arguments)
        if calls == number:
            raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StackRollouts, method, call)
        with pytest.raises(SystemExit):
            yield


POINTS = {
    "the rollout is recorded": ("write", 1, True),
    "the first step is taken": ("update", 1, True),
    "the last step is recorded": ("write", 3, True),
    "the end is recorded": ("write", 4, True),
    "the removal is recorded": ("write", 5, True),
    "the record is about to be removed": ("write", 6, False),
}
"""Calls at which the process ends: each kind that changes the cloud or the record, of a rollout with two steps.

test_rollouts.py ends it while each step is observed.
"""


@on_every_cloud
@pytest.mark.parametrize(("method", "number", "done"), POINTS.values(), ids=POINTS)
def test_a_killed_rollout_is_completed_by_the_next_update(
    project: EngineProject, cloud: str, method: str, number: int, done: bool
) -> None:
    shell = shell_of(project, cloud)
    first = shell.newest
    with ended(method, number, done=done):
        roll_out(project, shell)
    assert sum(weight for _, weight in shell.split) == 100
    results, _ = roll_out(project, shell)
    assert ([each.result for each in results], shell.split) == (["done"], [("latest", 100)])
    assert shell.newest != first
    assert "unchanged" in project.up("--expect-no-changes")
    assert "rollout." not in project.run("stack", "tag", "ls", "--json")


MOMENTS = {
    "the new image runs in both services": ("update", 3, True),
    "the weights are about to return": ("write", 5, True),
    "the second service is removed": ("update", 4, True),
}
"""Calls at which the process ends; two updates are the steps, the third replaces the tasks, the fourth ends the rollout."""


@on_aws
@pytest.mark.parametrize(("method", "number", "done"), MOMENTS.values(), ids=MOMENTS)
def test_an_end_that_is_interrupted_is_completed_without_a_request_to_an_empty_group(
    project: EngineProject, method: str, number: int, done: bool
) -> None:
    shell = EcsShell(project, "aws")
    with ended(method, number, done=done):
        roll_out(project, shell)
    assert sum(weight for _, weight in shell.split) == 100
    before = len(project.cloud.calls("create"))
    results, _ = roll_out(project, shell)
    assert ([each.result for each in results], shell.split) == (["done"], [("latest", 100)])
    created = project.cloud.calls("create")[before:]
    assert (SERVICE_TYPES["aws"], NEXT_NAME) not in created, "a removed revision is not deployed again"
    assert "unchanged" in project.up("--expect-no-changes")


@on_aws
def test_a_failed_removal_is_repeated_and_the_weights_have_returned_before(project: EngineProject) -> None:
    shell = EcsShell(project, "aws")
    project.cloud.plan_fault("fail", "delete", SERVICE_TYPES["aws"], NEXT_NAME)
    with pytest.raises(DeploymentFailed):
        roll_out(project, shell)
    assert shell.split == [("latest", 100), ("latest", 0)]
    results, _ = roll_out(project, shell)
    assert ([each.result for each in results], shell.split) == (["done"], [("latest", 100)])


@on_every_cloud
def test_an_interrupted_abort_is_completed_before_anything_else(project: EngineProject, cloud: str) -> None:
    shell = shell_of(project, cloud, failing_at(10))
    first = shell.newest
    with ended("update", 2, done=False):
        roll_out(project, shell)
    assert shell.split == [(first, 90), ("latest", 10)]
    with suppress(DeploymentFailed):
        roll_out(project, shell)
    assert shell.split == [(first, 100)]
    if cloud != "aws":
        return
    updated, deleted = project.cloud.calls("update"), project.cloud.calls("delete")
    assert (RULE, ROUTE) in updated and (SERVICE_TYPES["aws"], NEXT_NAME) in deleted
