"""Shell of the tests: records commands and answers them by a part of their text."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.spec import Platform
from tests.azure.plans import STACK, spec_of

ENVIRONMENT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/e"
RESOURCES = (
    DeployedResource("prod-environment", "azure-native:app:ManagedEnvironment", ENVIRONMENT_ID, {}),
    DeployedResource("prod-logs", "azure-native:operationalinsights:Workspace", "w", {"customerId": "c0ffee"}),
    *(
        DeployedResource(f"prod-compute-{name}", "azure-native:app:ContainerApp", name, {})
        for name in ("gateway", "chat", "worker")
    ),
)


def stack(spec: Platform | None = None, resources: tuple[DeployedResource, ...] = RESOURCES) -> DeployedStack:
    """Return the production stack as the state has it."""
    return DeployedStack(STACK, spec or spec_of(), resources)


def text(command: CliCommand) -> str:
    """Return a command with the one before its pipe."""
    before = f"{text(command.stdin)} | " if command.stdin else ""
    return before + shlex.join(command.arguments)


@dataclass
class FakeShell:
    """Answers by a part of the command: a list is given one after another, and its last answer again and again."""

    answers: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    missing: tuple[str, ...] = ()
    """Parts of commands that fail."""
    code: int = 0
    commands: list[str] = field(default_factory=list[str])
    slept_seconds: float = 0
    _given: dict[str, int] = field(default_factory=dict[str, int])

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        written = self._record(command)
        for part, answers in self.answers.items():
            if part in written:
                index = self._given.get(part, 0)
                self._given[part] = index + 1
                return answers[min(index, len(answers) - 1)]
        return ""

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`."""
        written = self._record(command)
        return not any(part in written for part in self.missing)

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        self._record(command)
        return self.code

    def sleep(self, seconds: float) -> None:
        """See `Shell.sleep`."""
        self.slept_seconds += seconds

    def _record(self, command: CliCommand) -> str:
        self.commands.append(text(command))
        return self.commands[-1]

    def with_part(self, part: str) -> list[str]:
        """Return the recorded commands that contain a text."""
        return [command for command in self.commands if part in command]
