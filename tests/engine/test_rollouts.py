"""Rollouts in steps with the real engine on a platform with two services, whose cloud is a fake one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from automation import Deployment
from automation.deploy import DeploymentFailed
from automation.rollout.driver import Answer, RolloutProgress, RolloutResult
from automation.rollout.stack_rollouts import StackRollouts
from tests.automation.scripted_rollout import FakeClock
from tests.engine.project import STACK, EngineProject, small_platform
from tests.engine.rollout_cloud import SERVICE_TYPES, CloudShell, Read, failing_at, good
from tests.engine.rollout_ecs import cloud_shell

CANARY = {"strategy": "canary", "steps": [10, 100], "bake_minutes": 3}
CLOUDS = [pytest.param(cloud, marks=pytest.mark.xdist_group(cloud)) for cloud in SERVICE_TYPES]
pytestmark = pytest.mark.parametrize("cloud", CLOUDS, indirect=True)


def image(number: int) -> str:
    """Return an image of the gateway."""
    return f"ghcr.io/acme/gateway@sha256:{str(number) * 64}"


@pytest.fixture(scope="module")
def canary_project(small_project: EngineProject, cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform with a canary rollout for its gateway, deployed with the first image; tests use a copy."""
    project = small_project.copy(tmp_path_factory.mktemp(f"canary-{cloud}"))
    write(project, cloud, 1)
    project.up()
    return project


@pytest.fixture
def canary(canary_project: EngineProject, tmp_path: Path) -> EngineProject:
    """Copy of the deployed platform that a test may change."""
    return canary_project.copy(tmp_path)


def write(project: EngineProject, cloud: str, number: int, **rollout: object) -> None:
    """Write the platform with this image of the gateway."""
    changed = {**CANARY, **rollout}
    project.write(small_platform(cloud, services__gateway__rollout=changed, services__gateway__image=image(number)))


def roll_out(
    project: EngineProject, shell: CloudShell, retry: tuple[str, ...] = (), answer: Answer = "leave"
) -> tuple[list[RolloutResult], list[RolloutProgress]]:
    """Do what `up` does; return the results and the progress of the rollouts. `answer` is that to an interrupt."""
    time, progress = FakeClock(), list[RolloutProgress]()
    deployment = Deployment(STACK, project.folder, environment=project.environment, clock=time.clock)
    rollouts = StackRollouts(deployment, lambda text: None, shell=shell)
    rollouts.prepare(retry)
    preview = deployment.preview()
    rollouts.begin(preview)
    deployment.up(preview=preview)
    driven: Iterator[tuple[str, RolloutResult]] = rollouts.drive(progress.append, lambda: answer)
    return [result for _, result in driven], progress


def shell_of(project: EngineProject, cloud: str, read: Read = good) -> CloudShell:
    """Return the shell of the project's cloud."""
    return cloud_shell(project, cloud, read)


def test_a_good_image_receives_its_shares_and_then_everything_and_nothing_is_left_to_do(
    canary: EngineProject, cloud: str
) -> None:
    shell = shell_of(canary, cloud)
    first = shell.newest
    write(canary, cloud, 2)
    results, _ = roll_out(canary, shell)
    assert [result.result for result in results] == ["done"]
    assert shell.percents == [10, 100]
    assert shell.split == [("latest", 100)]
    assert shell.newest != first
    assert "unchanged" in canary.up("--expect-no-changes")
    assert "rollout." not in canary.run("stack", "tag", "ls", "--json")


@pytest.mark.long(reason="a finished rollout is in the chosen set")
def test_a_failing_image_is_refused_after_its_abort_until_it_changes(canary: EngineProject, cloud: str) -> None:
    shell = shell_of(canary, cloud, failing_at(10))
    first = shell.newest
    write(canary, cloud, 2)
    (result,), _ = roll_out(canary, shell)
    assert (result.result, result.reason) == ("held", "error_percent 30 > 10")
    assert shell.split == [(first, 100)]
    with pytest.raises(
        DeploymentFailed, match=r"the rollout of gateway with .*2222 was aborted \(error_percent 30 > 10\)"
    ):
        roll_out(canary, shell)
    write(canary, cloud, 3)
    shell.read = good
    (result,), progress = roll_out(canary, shell)
    assert (result.result, shell.split, progress[0].percent) == ("done", [("latest", 100)], 0)
    assert "unchanged" in canary.up("--expect-no-changes")


@pytest.mark.chosen_on("aws", reason="a finished rollout is in the chosen set on every cloud")
def test_a_smoke_test_reaches_the_new_revision_before_any_request_and_its_failure_aborts(
    canary: EngineProject, cloud: str
) -> None:
    shell = shell_of(canary, cloud)
    shell.smoke_succeeds = False
    first = shell.newest
    write(canary, cloud, 2, smoke={"path": "/ready"})
    (result,), _ = roll_out(canary, shell)
    assert (result.result, result.reason) == ("held", "smoke test: /ready answered 503, not 200")
    assert (shell.smoked, shell.split, shell.looks) == ([(shell.newest, 0)], [(first, 100)], 0)
    assert shell.newest != first
    shell.smoke_succeeds = True
    (result,), _ = roll_out(canary, shell, retry=("gateway",))
    assert (result.result, shell.split, len(shell.smoked)) == ("done", [("latest", 100)], 2)
    assert "unchanged" in canary.up("--expect-no-changes")


@pytest.mark.long(reason="a finished rollout is in the chosen set")
def test_a_rollout_whose_process_ends_is_continued_at_its_step_and_another_image_begins_again(
    canary: EngineProject, cloud: str
) -> None:
    shell = shell_of(canary, cloud)
    first = shell.newest
    write(canary, cloud, 2)
    for end_at, percent in ((3, 10), (60, 100)):
        shell.end_at = end_at
        with pytest.raises(SystemExit):
            roll_out(canary, shell)
        assert shell.split == [(first, 100 - percent), ("latest", percent)]
    write(canary, cloud, 3)
    shell.percents.clear()
    shell.read = failing_at(10)
    (result,), _ = roll_out(canary, shell)
    assert (result.result, shell.percents, shell.split) == ("held", [10], [(first, 100)])
    shell.read = good
    (result,), _ = roll_out(canary, shell, retry=("gateway",))
    assert (result.result, shell.split) == ("done", [("latest", 100)])
