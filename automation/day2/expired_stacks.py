"""Sweep: destroys and removes every stack of the project that has expired.

The expiry is stored in the backend, so a sweep works on any machine and without the stacks' files. A stack without a
stored expiry never expires.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pulumi import automation

from automation.deploy.deployment import Deployment
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.results import Clock
from automation.stack.file_checks import EXPIRES_KEY
from automation.stack.folder import project_folder
from automation.stack.workdir import Workdir, expiry, is_over
from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

PROJECT_FILE = "Pulumi.yaml"
OnEventOf = Callable[[str], OnEvent]
"""Returns the callback for the events of a stack, given its name."""


@dataclass(frozen=True)
class SweepResult:
    """Result for an expired stack: `destroyed`, `due` in a dry run, or `failed` with the failure."""

    stack: str
    expired_at: datetime | None
    result: str
    failure: DeploymentFailed | None = None


class BackendWorkdir(Workdir):
    """Working folder of a stack in the backend, without a stack file."""

    @property
    def ephemeral(self) -> bool:
        """True: the stack is removed when it is destroyed."""
        return True

    @cached_property
    def work_folder(self) -> Path:
        """Folder with the project file only."""
        return self.own_folder()


class BackendStack(Deployment):
    """Stack of the project, known by its name only, to read its history and to destroy it."""

    def __init__(
        self, name: str, folder: Path, environment: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(name, folder, environment=environment, clock=clock)
        self.workdir = BackendWorkdir(self.folder, name, name, {})

    def expiry(self) -> datetime | None:
        """Return the time at which the stack expires; None when it never does."""
        history = self.history()
        return expiry(history, "" if history else self._expiry_tag())

    def _expiry_tag(self) -> str:
        try:
            return self.engine.run_command("stack", "tag", "get", EXPIRES_KEY)
        except automation.CommandError:  # the stack has no such tag
            return ""


def sweep(
    folder: Path | None = None,
    *,
    dry_run: bool = False,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    on_event: OnEventOf | None = None,
    on_swept: Callable[[SweepResult], object] | None = None,
) -> tuple[SweepResult, ...]:
    """Destroy and remove every expired stack of the project in `folder`; a dry run only reports them.

    A failure does not stop the other stacks. `on_event` returns, by stack name, the callback for the events of a stack.
    Raises DeploymentFailed when the backend cannot be read.
    """
    project = project_folder(folder)
    if not (project / PROJECT_FILE).is_file():
        error = ConfigError(PROJECT_FILE, "no such file in this folder", "run the command in the project folder")
        raise InvalidConfiguration([error])
    results: list[SweepResult] = []
    effective_clock = clock or Clock()
    for name in backend_stacks(project, environment):
        stack = BackendStack(name, project, environment, effective_clock)
        result = _sweep_stack(stack, effective_clock.now(), on_event, dry_run=dry_run)
        if result is not None:
            results.append(result)
            if on_swept is not None:
                on_swept(result)
    return tuple(results)


def backend_stacks(folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the project's stacks in the backend; raises DeploymentFailed."""
    project = BackendStack(PROJECT, folder, environment)
    with project.engine_errors():
        return project.engine.workspace.stack_names()


def _sweep_stack(
    stack: BackendStack, now: datetime, on_event: OnEventOf | None, *, dry_run: bool
) -> SweepResult | None:
    """Destroy a stack if it has expired; None when it has not."""
    expires_at: datetime | None = None
    try:
        expires_at = stack.expiry()
        if not is_over(expires_at, now):
            return None
        if not dry_run:
            stack.destroy(on_event(stack.name) if on_event else None)
    except DeploymentFailed as failure:
        return SweepResult(stack.name, expires_at, "failed", failure)
    return SweepResult(stack.name, expires_at, "due" if dry_run else "destroyed")
