"""Release commands with the real engine: first deployment, failure, success, rollback, and a process that ends in between."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from automation import Deployment
from automation.deploy import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.release.stack_releases import StackReleases
from providers import release_control, resource_traits
from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.release import TaskEnd, definition_name
from tests.automation.scripted_rollout import FakeClock
from tests.engine.project import STACK, EngineProject, small_platform

RELEASE = {"command": ["alembic", "upgrade", "head"], "timeout_minutes": 10}


class NoShell:
    """Shell of a control that runs no command."""

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        raise AssertionError(command)

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`."""
        raise AssertionError(command)

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        """See `Shell.sleep`."""


@dataclass
class FakeReleases:
    """Control of a cloud on which a command ends at once with `exit_code`."""

    project: EngineProject
    cloud: str
    exit_code: int = 0
    end_process: bool = False
    """True to end the process after a run has started."""
    images: list[str] = field(default_factory=list[str])
    """Last digit of the image of each run."""
    interrupt: bool = False
    """True to interrupt the first look at a run."""
    left: str | None = None
    services_at_start: list[int] = field(default_factory=list[int])
    """Number of deployed services at each start."""
    start_seconds: int = 0
    stopped: list[str] = field(default_factory=list[str])

    @property
    def type(self) -> str:
        """See `ReleaseControl.type`."""
        return release_control(self.cloud).type

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        return self.left

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`."""
        assert stack.resource(self.type, definition_name(stack.name, service)) is not None
        text = "".join(item.inputs for item in self.project.cloud.objects() if "gateway-release" in item.name)
        self.images.append(text.partition("gateway@sha256:")[2][:1])
        self.services_at_start.append(len(services(self.project, self.cloud)))
        if self.end_process:
            self.end_process, self.left = False, "run"
            raise SystemExit
        return "run"

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`."""
        self.left = None
        if self.interrupt:
            self.interrupt = False
            raise KeyboardInterrupt
        return TaskEnd(self.exit_code)

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`."""
        self.stopped.append(run)

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`."""
        return "relation users exists"


def image(number: int) -> str:
    """Return an image of the gateway."""
    return f"ghcr.io/acme/gateway@sha256:{str(number) * 64}"


def write(project: EngineProject, cloud: str, number: int) -> None:
    """Write the platform with this image of the gateway."""
    changes = {"services__gateway__release": RELEASE, "services__gateway__image": image(number)}
    project.write(small_platform(cloud, **changes))


def services(project: EngineProject, cloud: str) -> dict[str, str]:
    """Return the inputs of the deployed services by name."""
    types = resource_traits(cloud).services
    return {item.name: item.inputs for item in project.cloud.objects() if item.token in types}


@contextmanager
def no_display(title: str) -> Generator[OnEvent]:
    """Display of an update that nobody looks at."""
    yield lambda event: None


def up(project: EngineProject, control: FakeReleases) -> list[str]:
    """Do what `up` does; return what it prints."""
    notes: list[str] = []
    deployment = Deployment(STACK, project.folder, environment=project.environment, clock=FakeClock().clock)
    preview = deployment.preview()
    StackReleases(deployment, notes.append, no_display, shell=NoShell(), control=control).run(preview)
    deployment.up(preview=preview)
    return notes


@pytest.mark.chosen_on(
    "aws", reason="the same program runs the command on every cloud; each adapter has tests without the engine"
)
def test_a_release_command_runs_before_its_service_and_stops_the_release_when_it_fails(
    project: EngineProject, cloud: str
) -> None:
    project.run("stack", "init", STACK, stack=None)
    write(project, cloud, 1)
    project.set_missing_secrets()
    control = FakeReleases(project, cloud, exit_code=1)

    with pytest.raises(DeploymentFailed, match=r"the release command of gateway failed with exit code 1"):
        up(project, control)
    assert services(project, cloud) == {}, "a first deployment has no service before its command has succeeded"
    control.exit_code = 0
    up(project, control)
    assert (control.images, control.services_at_start) == (["1", "1"], [0, 0])
    assert len(services(project, cloud)) == 2
    assert "unchanged" in project.up("--expect-no-changes")


@pytest.mark.long(reason="a first deployment, a failure and a success are in the chosen set")
def test_a_release_command_runs_once_for_each_image(project: EngineProject, cloud: str) -> None:
    project.run("stack", "init", STACK, stack=None)
    write(project, cloud, 1)
    project.set_missing_secrets()
    control = FakeReleases(project, cloud)
    up(project, control)

    assert up(project, control) == [
        "gateway: the release command is skipped; image, command and environment have not changed"
    ]
    assert len(control.images) == 1, "nothing has changed"
    before = services(project, cloud)
    write(project, cloud, 2)
    control.exit_code = 7
    with pytest.raises(DeploymentFailed, match="no service was updated"):
        up(project, control)
    assert services(project, cloud) == before
    control.exit_code = 0
    up(project, control)
    assert control.images[1:] == ["2", "2"]
    assert services(project, cloud) != before

    write(project, cloud, 1)
    notes = up(project, control)
    assert notes == ["gateway: the release command is skipped; it has succeeded with this image before"]
    assert len(control.images) == 3
    assert "unchanged" in project.up("--expect-no-changes")
    tags = json.loads(project.run("stack", "tag", "ls", "--json"))
    assert tags["release.gateway"].startswith("done ")


@pytest.mark.long(reason="a first deployment, a failure and a success are in the chosen set")
def test_a_process_that_ends_while_a_command_runs_is_continued(project: EngineProject, cloud: str) -> None:
    project.run("stack", "init", STACK, stack=None)
    write(project, cloud, 1)
    project.set_missing_secrets()
    control = FakeReleases(project, cloud, end_process=True)
    with pytest.raises(SystemExit):
        up(project, control)
    assert services(project, cloud) == {}
    notes = up(project, control)
    assert notes == ["gateway: an earlier run of the release command has not ended; waiting for it"]
    assert (control.images, len(services(project, cloud))) == (["1"], 2)


@pytest.mark.long(reason="the driver is interrupted without the engine in the tests of every change")
@pytest.mark.parametrize("cloud", ["azure"], indirect=True)
def test_an_interrupted_command_is_stopped_and_a_repeat_runs_it_again(project: EngineProject, cloud: str) -> None:
    project.run("stack", "init", STACK, stack=None)
    write(project, cloud, 1)
    project.set_missing_secrets()
    control = FakeReleases(project, cloud, interrupt=True)
    with pytest.raises(DeploymentFailed, match="was interrupted and stopped; no service was updated"):
        up(project, control)
    assert (control.stopped, services(project, cloud)) == (["run"], {})
    up(project, control)
    assert (control.images, len(services(project, cloud))) == (["1", "1"], 2)
