"""Tasks that run one command and end: runs of jobs, and the release command of a service; and their control on a cloud.

The program declares the task of a release command, and `agent-platform up` runs it before it updates a service: an update
of the engine cannot pause between both. Pure: imports no SDK.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import Adjustment, Effect, listed
from providers.contract.spec import Platform

RELEASE_SUFFIX = "-release"
START_SECONDS = 900
"""Time for a cloud to start a container, which does not count as the command's."""


@dataclass(frozen=True)
class CommandTask:
    """Command in a container of its own, with the image, environment and access of `service`."""

    name: str
    """Name on the cloud, after that of the stack."""
    service: str
    command: tuple[str, ...]
    timeout_minutes: int
    retries: int = 0
    title: str = ""
    """Subject of a description: `the job nightly`."""


def release_name(service: str) -> str:
    """Return the name of the task of a service's release command; no service and no job has it."""
    return f"{service}{RELEASE_SUFFIX}"


def job_task(spec: Platform, name: str) -> CommandTask:
    """Return the task of a scheduled job."""
    job = spec.jobs[name]
    return CommandTask(name, job.service, job.command, job.timeout_minutes, job.retries, f"the job {name}")


def release_tasks(spec: Platform) -> Iterator[CommandTask]:
    """Yield the task of every release command; none is repeated, because it may have done a part of its work."""
    for service, release in spec.releases.items():
        title = f"the release command of {service}"
        yield CommandTask(release_name(service), service, release.command, release.timeout_minutes, title=title)


def release_adjustments(spec: Platform) -> list[Adjustment]:
    """Report that a release command runs in `agent-platform up` only, which nothing in the cloud can enforce."""
    others = ["`pulumi up`", *(["a deployment from GitHub with `deployer`"] if spec.deployer is not None else [])]
    verb = "update" if len(others) > 1 else "updates"
    return [
        Adjustment(
            f"services.{name}.release",
            requested=release.model_dump(),
            effect=Effect.PARTIAL,
            reason=f"only `agent-platform up` runs the command; {listed(others, 'and')} {verb} {name} without it",
        )
        for name, release in spec.releases.items()
    ]


@dataclass(frozen=True)
class TaskEnd:
    """End of a task: the exit code of its command, and whether the cloud stopped it at its timeout."""

    exit_code: int
    timed_out: bool = False


class ReleaseControl(Protocol):
    """Commands that run the task of a service's release command on one cloud; `shell` runs its command line.

    Methods raise CliFailure or DeploymentFailed. `run` is the name that the cloud gave to a run of the task.
    """

    @property
    def type(self) -> str:
        """Type token of the resource that defines the task; its logical name is `definition_name`."""
        ...

    @property
    def start_seconds(self) -> int:
        """Time from the start of a run to that of its command, which does not count as the command's."""
        ...

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """Return a run of a deployed task that has not ended, such as one of a process that was killed; None without one."""
        ...

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """Start a run and return its name."""
        ...

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """Return the end of a run; None while it runs."""
        ...

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """Stop a run; succeeds when it has ended."""
        ...

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """Return the last lines that an ended run printed."""
        ...


def definition_name(stack: str, service: str) -> str:
    """Return the logical name of the resource that defines the task of a service's release command."""
    return f"{stack}-jobs-{release_name(service)}"
