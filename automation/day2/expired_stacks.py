"""Sweep: destroys every stack of the project whose time is over, and removes it.

All that it needs stands in the backend, so it works from any machine and without the stacks' files; what a stack does
not say of itself, that it has an end, is never guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pulumi import automation

from automation.deploy.clock import Clock
from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.stack.expiry import expiry, is_over
from automation.stack.folders import EXPIRES_KEY
from automation.stack.workdir import Workdir
from components.configuration import PROJECT
from providers.contract.diagnostics import InvalidConfiguration, legacy_error

PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class SweepResult:
    """A stack whose time is over: `destroyed`, `due` when nothing was to be done, or `failed`, and why."""

    stack: str
    expired_at: datetime | None
    result: str
    failure: DeploymentFailed | None = None


class BackendWorkdir(Workdir):
    """A stack as the backend has it, without any file of its own."""

    @property
    def ephemeral(self) -> bool:
        """It goes as a whole."""
        return True

    @cached_property
    def work_folder(self) -> Path:
        """A folder with nothing but the project."""
        return self.own_folder()


class BackendStack(Deployment):
    """A stack of the project by its name alone, to be looked at and destroyed."""

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(name, folder, environment=environment, clock=clock)
        self.workdir = BackendWorkdir(self.folder, name, name, {})

    def expiry(self) -> datetime | None:
        """When its time is over; None for a stack without an end."""
        history = self.history()
        return expiry(history, "" if history else self._tag())

    def _tag(self) -> str:
        try:
            return self.engine.run_command("stack", "tag", "get", EXPIRES_KEY)
        except automation.CommandError:  # the engine's way to say that there is no such tag
            return ""


def sweep(
    folder: Path | None = None,
    *,
    dry_run: bool = False,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    on_event: Callable[[str], OnEvent] | None = None,
    on_swept: Callable[[SweepResult], object] | None = None,
) -> tuple[SweepResult, ...]:
    """Destroy and remove every stack of the project in `folder` that is past its end; `dry_run` only tells them.

    One that fails keeps no other from going. `on_event` gives, by the stack's name, who hears of its events. Raises
    DeploymentFailed when the backend cannot be read.
    """
    here = (folder or Path.cwd()).absolute()
    if not (here / PROJECT_FILE).is_file():
        advice = "is not here; run this in the project's folder"
        raise InvalidConfiguration([legacy_error(PROJECT_FILE, None, advice)])
    swept: list[SweepResult] = []
    time = clock or Clock()
    for name in backend_stacks(here, environment):
        found = _swept(BackendStack(name, here, environment, time), time.now(), on_event, dry_run=dry_run)
        if found is not None:
            swept.append(found)
            if on_swept is not None:
                on_swept(found)
    return tuple(swept)


def backend_stacks(folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of the project's stacks in the backend; raises DeploymentFailed."""
    project = BackendStack(PROJECT, folder, environment)
    with project.engine_errors():
        return sorted(stack.name for stack in project.engine.workspace.list_stacks())


def _swept(
    stack: BackendStack, now: datetime, on_event: Callable[[str], OnEvent] | None, *, dry_run: bool
) -> SweepResult | None:
    """What became of a stack; None when its time is not over."""
    until: datetime | None = None
    try:
        until = stack.expiry()
        if not is_over(until, now):
            return None
        if not dry_run:
            stack.destroy(on_event(stack.name) if on_event else None)
    except DeploymentFailed as failure:
        return SweepResult(stack.name, until, "failed", failure)
    return SweepResult(stack.name, until, "due" if dry_run else "destroyed")
