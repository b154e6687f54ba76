"""Ctrl-C during rollouts in steps with the real engine: while a step is observed, and while the engine takes it."""

import os
import signal
import threading
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.rollout.stack_rollouts import StackRollouts
from providers.contract.rollout import RevisionMetrics
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.engine.rollout_cloud import GOOD, NAME, SERVICE_TYPES, good
from tests.engine.rollout_ecs import ROUTE
from tests.engine.test_rollout_kills import RULE
from tests.engine.test_rollouts import CLOUDS, roll_out, shell_of, write

pytestmark = [
    pytest.mark.parametrize("cloud", CLOUDS, indirect=True),
    pytest.mark.long(reason="the driver is interrupted without the engine in the tests of every change"),
]


@pytest.fixture(scope="module")
def first_image_project(
    small_project: EngineProject, cloud: str, tmp_path_factory: pytest.TempPathFactory
) -> EngineProject:
    """Small platform with a canary rollout for its gateway, deployed with the first image."""
    project = small_project.copy(tmp_path_factory.mktemp(f"interrupts-{cloud}"))
    write(project, cloud, 1)
    project.up()
    return project


@pytest.fixture
def project(first_image_project: EngineProject, cloud: str, tmp_path: Path) -> EngineProject:
    """Copy whose file has the second image."""
    copy = first_image_project.copy(tmp_path)
    write(copy, cloud, 2)
    return copy


def interrupting(percent: int) -> RevisionMetrics:
    """Interrupt this process when the metrics of the first step are read."""
    if percent == 10:
        signal.raise_signal(signal.SIGINT)
    return GOOD


def test_an_interrupted_rollout_stays_at_its_step_and_the_next_update_continues(
    project: EngineProject, cloud: str
) -> None:
    shell = shell_of(project, cloud, interrupting)
    first = shell.newest
    (result,), _ = roll_out(project, shell)
    assert (result.result, shell.split) == ("left", [(first, 90), ("latest", 10)])
    shell.read = good
    (result,), _ = roll_out(project, shell)
    assert (result.result, shell.percents, shell.split) == ("done", [10, 100], [("latest", 100)])
    assert "unchanged" in project.up("--expect-no-changes")


def test_an_interrupted_rollout_is_aborted_when_the_user_chooses_it(project: EngineProject, cloud: str) -> None:
    shell = shell_of(project, cloud, interrupting)
    first = shell.newest
    (result,), _ = roll_out(project, shell, answer="abort")
    assert (result.result, result.reason, shell.split) == ("held", "aborted by the user", [(first, 100)])


def test_an_interrupt_while_the_engine_takes_a_step_cancels_it_and_the_next_update_continues(
    project: EngineProject, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = shell_of(project, cloud)
    token, name = (RULE, ROUTE) if cloud == "aws" else (SERVICE_TYPES[cloud], NAME)
    update, waiting = StackRollouts.update, list[threading.Thread]()

    def hang(self: StackRollouts, *arguments: tuple[str, ...]) -> None:
        if not waiting:
            project.cloud.plan_fault("hang", "update", token, name)
            waiting.append(threading.Thread(target=interrupt_at_update, args=(project, token)))
            waiting[0].start()
        update(self, *arguments)

    monkeypatch.setattr(StackRollouts, "update", hang)
    with pytest.raises(DeploymentFailed, match=r"cancelled during"):
        roll_out(project, shell)
    waiting[0].join(TIMEOUT_SECONDS)
    (result,), _ = roll_out(project, shell)
    assert (result.result, shell.split) == ("done", [("latest", 100)])
    assert "unchanged" in project.up("--expect-no-changes")


def interrupt_at_update(project: EngineProject, token: str) -> None:
    """Interrupt this process when the provider is in the update that hangs."""
    project.cloud.wait_for_fault("update", token, TIMEOUT_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)
