"""One stack of a project folder under the engine, through the Automation API.

Every command names its stack, so no stack is ever selected: the choice of whoever works in the folder stays theirs.
A stack with a name or settings of its own lives in a folder of its own, and nothing is written beside the program.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from pulumi import automation

from automation.deployment.failures import DeploymentFailed, Failure
from automation.deployment.process import EngineCommand
from automation.inventory import Value

ENGINE = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"


def require_engine(environment: Mapping[str, str] | None = None) -> str:
    """Path of the engine's command line; raises DeploymentFailed when it or its Python language host is not there."""
    path = {**os.environ, **(environment or {})}.get("PATH", "")
    engine = shutil.which(ENGINE, path=path)
    if engine is None:
        raise DeploymentFailed(Failure.NO_ENGINE)
    beside = Path(engine).resolve().parent / LANGUAGE_HOST
    if not beside.is_file() and shutil.which(LANGUAGE_HOST, path=path) is None:
        raise DeploymentFailed(Failure.NO_LANGUAGE_HOST)
    return engine


class ProjectWorkspace(automation.LocalWorkspace):
    """The SDK's workspace over a folder, which selects no stack."""

    def create_stack(self, stack_name: str) -> None:
        """Make an empty stack in the backend, with the secrets provider of its file or of this workspace."""
        provider = ["--secrets-provider", self.secrets_provider] if self.secrets_provider else []
        self.ask("stack", "init", stack_name, "--no-select", *provider)

    def ask(self, *arguments: str) -> str:
        """Standard output of a command of the engine; raises CommandError."""
        return self.pulumi_command.run(list(arguments), self.work_dir, self.env_vars).stdout


class ProjectStack(automation.Stack):
    """The SDK's stack, which asks for no secret and starts no process that nobody needs."""

    workspace: ProjectWorkspace

    def __init__(self, name: str, workspace: ProjectWorkspace) -> None:
        # The SDK's own constructor selects the stack, for everyone who works in the folder.
        self.name, self.workspace = name, workspace

    def outputs(self) -> automation.OutputMap:
        """The stack's outputs, secrets masked."""
        told = cast("dict[str, Value]", json.loads(self.ask("stack", "output", "--json") or "{}"))
        return {name: automation.OutputValue(value, secret=value == "[secret]") for name, value in told.items()}

    def info(self, show_secrets: bool = False) -> automation.UpdateSummary | None:
        """The last update."""
        return super().info(show_secrets=False)

    def ask(self, *arguments: str) -> str:
        """Standard output of a command of the engine about this stack; raises CommandError."""
        return self.workspace.ask(*arguments, "--stack", self.name)

    def exported(self) -> Mapping[str, Value]:
        """The stack's state as the engine exports it, secrets sealed."""
        return cast("Mapping[str, Value]", json.loads(self.ask("stack", "export")))


def open_stack(
    folder: Path, name: str, environment: Mapping[str, str] | None = None, secrets_provider: str | None = None
) -> ProjectStack:
    """The stack `name` of a project folder, whether the backend has it yet or not; raises DeploymentFailed."""
    command = EngineCommand(require_engine(environment), environment or {})
    workspace = ProjectWorkspace(
        work_dir=str(folder),
        env_vars=dict(environment or {}),
        secrets_provider=secrets_provider,
        pulumi_command=command,
    )
    return ProjectStack(name, workspace)


@dataclass(frozen=True)
class KnownStack:
    """A stack that the backend has; `resources` counts what stands in it, as far as the backend tells."""

    name: str
    updated_at: datetime | None = None
    resources: int | None = None


def known_stacks(workspace: ProjectWorkspace) -> tuple[KnownStack, ...]:
    """The project's stacks in the backend."""
    told = workspace.list_stacks()
    return tuple(KnownStack(stack.name, stack.last_update, stack.resource_count) for stack in told)
