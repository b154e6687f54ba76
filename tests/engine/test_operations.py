"""Secrets and operations of services with the real engine: what it stores, and what a cloud's commands find in its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automation import ServiceOperations, set_secrets
from automation.deploy.errors import DeploymentFailed, Failure
from automation.secret_values.store import config_command
from automation.stack.document import StackDocument
from providers import command_line
from providers.contract.cli import CliCommand, CliProgram
from tests.engine.project import LISTED_SECRET, SMALL, STACK, EngineProject
from tests.planning import SECRET, production

COMMENT = "# owned by the platform team\n"


def stack_path(project: EngineProject) -> Path:
    return project.folder / f"Pulumi.{STACK}.yaml"


def store(project: EngineProject, value: str, *, create: bool = True) -> None:
    set_secrets(
        STACK, {LISTED_SECRET: value}, project.folder,
        environment=project.environment, agree=_accept if create else None,
    )  # fmt: skip


def _accept(question: str) -> None:
    """Agree to a question."""


def test_a_secret_is_encrypted_and_the_file_keeps_its_format(
    project: EngineProject, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write(production(SMALL, "gcp"))
    path = stack_path(project)
    path.write_text(COMMENT + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    with pytest.raises(DeploymentFailed) as failure:
        store(project, SECRET, create=False)
    assert (failure.value.kind, path.read_text(encoding="utf-8")) == (Failure.NO_STACK, before)
    store(project, SECRET)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(before.rstrip("\n"))
    assert SECRET not in text
    assert SECRET not in str(capfd.readouterr())
    assert project.run("config", "get", f"agent-platform:{LISTED_SECRET}").strip() == SECRET


def test_a_stack_that_is_created_again_keeps_its_salt_and_secrets(project: EngineProject) -> None:
    project.write(production(SMALL, "gcp"))
    store(project, SECRET)
    salt = StackDocument.load(stack_path(project)).sealed.opened_by
    text = stack_path(project).read_text(encoding="utf-8")
    project.run("stack", "rm", "--yes", "--preserve-config")
    store(project, "another value")
    assert StackDocument.load(stack_path(project)).sealed.opened_by == salt
    stack_path(project).write_text(text, encoding="utf-8")
    assert project.run("config", "get", f"agent-platform:{LISTED_SECRET}").strip() == SECRET


def test_the_printed_command_stores_the_same_secret(project: EngineProject) -> None:
    project.write(production(SMALL, "gcp"))
    store(project, SECRET)
    _, *arguments = config_command(Path.cwd(), STACK, LISTED_SECRET).split()
    project.run(*arguments[:-2], stdin="by hand")
    assert project.run("config", "get", f"agent-platform:{LISTED_SECRET}").strip() == "by hand"


class FirstCommand(Exception):
    """First command of an operation that is not a lookup of the account."""


@dataclass
class StoppingShell:
    """Shell that answers the lookup of the account and ends at the first other command."""

    account: str
    commands: list[CliCommand] = field(default_factory=list[CliCommand])

    def output(self, command: CliCommand) -> str:
        if "get-caller-identity" in command.arguments:
            return self.account
        raise self._stop(command)

    def succeeds(self, command: CliCommand) -> bool:
        raise self._stop(command)

    def stream(self, command: CliCommand) -> int:
        raise self._stop(command)

    def sleep(self, seconds: float, /) -> None:
        """Return at once."""

    def _stop(self, command: CliCommand) -> FirstCommand:
        self.commands.append(command)
        return FirstCommand()


@pytest.mark.parametrize("operation", ["logs", "run"])
def test_the_commands_of_a_cloud_find_the_service_in_the_state(
    operation: str, deployed: EngineProject, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_all(programs: Sequence[CliProgram], environment: Mapping[str, str]) -> None:
        """Find every program."""

    monkeypatch.setattr("automation.services.operations.require_programs", find_all)
    operations = ServiceOperations(STACK, deployed.folder, environment=deployed.environment)
    aws = operations.file.spec.aws
    operations.shell = shell = StoppingShell(aws.account_id if aws else "")
    service = next(iter(operations.file.spec.services))
    with pytest.raises(FirstCommand):
        if operation == "logs":
            operations.logs(service)
        else:
            operations.run(service, ["python", "-V"])
    (command,) = shell.commands
    assert command.program in {program.name for program in command_line(cloud).programs}
    assert SECRET not in str(command)
