"""One stack of a project folder under the engine, through the Automation API.

Every command names its stack, so no stack is ever selected: the choice of whoever works in the folder stays theirs.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit, urlunsplit

from pulumi import automation

from automation.deploy.engine_command import EngineCommand
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.locks import LockHolder, parse_lock_holder
from automation.engine.installation import LANGUAGE_HOST, engine_program
from automation.plan.inventory import Value
from automation.stack.folders import sealed_in, stack_file
from providers.contract.diagnostics import did_you_mean, listed

if TYPE_CHECKING:
    from automation.stack.workdir import Workdir


PARALLEL_OPERATIONS = 32
"""Operations under way at once. They wait for the cloud; the engine's own bound is four for each CPU of this machine."""
ADVICE = "run `agent-platform doctor STACK`, which tells what is missing and how it comes here"


def require_engine(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """Path of the engine for a project folder; raises DeploymentFailed when it or its host for Python is not there."""
    given = {**os.environ, **(environment or {})}
    engine = engine_program(folder or Path.cwd(), given)
    if engine is None:
        raise DeploymentFailed(Failure.NO_ENGINE, "the Pulumi CLI is not installed", ADVICE)
    beside = engine.resolve().parent / LANGUAGE_HOST
    if not beside.is_file() and shutil.which(LANGUAGE_HOST, path=given.get("PATH", "")) is None:
        raise DeploymentFailed(Failure.NO_LANGUAGE_HOST, "the Pulumi CLI has no host for Python programs", ADVICE)
    return str(engine)


class ProjectWorkspace(automation.LocalWorkspace):
    """The SDK's workspace over a folder, which selects no stack."""

    pulumi_command: EngineCommand

    def create_stack(self, stack_name: str) -> None:
        """Make an empty stack in the backend, with the secrets provider of its file or of this workspace."""
        provider = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self.run_command("stack", "init", stack_name, "--no-select", *provider)

    def run_command(self, *arguments: str, given: str | None = None) -> str:
        """Standard output of a command of the engine, which reads what is `given`; raises CommandError."""
        return self.pulumi_command.run(list(arguments), self.work_dir, self.env_vars, given=given).stdout

    def backend_url(self) -> str:
        """Where the states are kept, without any password in it."""
        url = urlsplit(self.who_am_i().url or "")
        return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))


class ProjectStack(automation.Stack):
    """The SDK's stack, which asks for no secret and starts no process that nobody needs."""

    workspace: ProjectWorkspace

    def __init__(self, name: str, workspace: ProjectWorkspace) -> None:
        # The SDK's own constructor selects the stack, for everyone who works in the folder.
        self.name, self.workspace = name, workspace

    def outputs(self) -> automation.OutputMap:
        """The stack's outputs, secrets masked."""
        told = cast("dict[str, Value]", json.loads(self.run_command("stack", "output", "--json") or "{}"))
        return {name: automation.OutputValue(value, secret=value == "[secret]") for name, value in told.items()}

    def info(self, show_secrets: bool = False) -> automation.UpdateSummary | None:
        """The last update."""
        return super().info(show_secrets=False)

    def run_command(self, *arguments: str) -> str:
        """Standard output of a command of the engine about this stack; raises CommandError."""
        return self.workspace.run_command(*arguments, "--stack", self.name)

    def set_secret(self, key: str, value: str) -> None:
        """Put a secret value, sealed, into the stack's file; it is no argument, which every process here could read."""
        self.workspace.run_command("config", "set", "--secret", "--raw", key, "--stack", self.name, given=value)

    def export_state(self) -> Mapping[str, Value]:
        """The stack's state as the engine exports it, secrets sealed; it can be imported again as it is."""
        return cast("Mapping[str, Value]", json.loads(self.run_command("stack", "export")))

    def lock_holder(self) -> LockHolder | None:
        """Who holds the stack now; raises CommandError when the backend has no such stack.

        A backend of files or objects tells of a lock only to a command that would take it: to give a stack the name it
        has takes the lock and then ends, as that name is taken. Pulumi Cloud tells it in its list of stacks.
        """
        if self.workspace.backend_url().startswith("http"):
            stacks = self.workspace.list_stacks()
            return (
                LockHolder() if any(stack.update_in_progress for stack in stacks if stack.name == self.name) else None
            )
        try:
            self.run_command("stack", "rename", self.name)
        except automation.ConcurrentUpdateError as error:
            return parse_lock_holder(str(error)) or LockHolder()
        except automation.StackAlreadyExistsError:
            return None
        return None


def open_stack(
    folder: Path,
    name: str,
    environment: Mapping[str, str] | None = None,
    secrets_provider: str | None = None,
    project: Path | None = None,
) -> ProjectStack:
    """The stack `name` of a folder, whether the backend has it yet or not; raises DeploymentFailed.

    `project` is where the project's own environment is, when the engine works in another folder.
    """
    command = EngineCommand(require_engine(environment, project or folder), environment or {})
    workspace = ProjectWorkspace(
        work_dir=str(folder),
        env_vars=dict(environment or {}),
        secrets_provider=secrets_provider,
        pulumi_command=command,
    )
    return ProjectStack(name, workspace)


def unknown_stack(engine: ProjectStack, failure: DeploymentFailed) -> DeploymentFailed:
    """The failure of a stack that the backend does not have, with the backend and the stacks that it has."""
    try:
        url, names = engine.workspace.backend_url(), sorted(stack.name for stack in engine.workspace.list_stacks())
    except automation.CommandError:
        return failure
    here = f"the stacks there are {listed(names, 'and')}" if names else "it has none of this project"
    sentence = f"{engine.name}: the backend {url} has no such stack{did_you_mean(engine.name, names)}; {here}"
    return DeploymentFailed(failure.kind, sentence, failure.fix, failure.log)


def copy_secrets(engine: "ProjectStack", workdir: "Workdir", create: Callable[[], object] | None) -> bool:
    """Give an ephemeral stack the values that its own file cannot open; True when the stack had to be made for that.

    Raises CommandError, also where the stack is not there and `create` is None.
    """
    new = create is not None and all(stack.name != workdir.name for stack in engine.workspace.list_stacks())
    if new and create is not None:
        create()
    source = stack_file(workdir.folder, workdir.stack)
    shutil.copy(source, workdir.work_folder)
    for key in workdir.to_reseal:
        engine.workspace.run_command("config", "cp", key, "--stack", workdir.stack, "--dest", workdir.name)
    workdir.sealed = sealed_in(stack_file(workdir.work_folder, workdir.name))
    return new
