"""Operations of deployed services: what a cloud's command line receives, what is refused, exit codes and interrupts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from automation import ServiceOperations
from automation.cli import services as service_commands
from automation.cli.session import ExitCode
from automation.deploy.errors import DeploymentFailed, Failure
from automation.plan.spec_keys import BASE
from automation.services import operations
from automation.services.operations import programs_of, seconds_of
from automation.stack.document import with_values
from providers import AVAILABLE, command_line
from providers.contract.cli import CliFailure, CliProgram, CloudCli, DeployedStack, LogQuery
from providers.contract.diagnostics import InvalidConfiguration, Unsupported
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.fake_engine import FakeEngine

SECRET_KEY, SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
URN = "urn:pulumi:trial::agent-platform::agent-platform:index:AgentPlatform$aws:ecs/service:Service::trial-compute-web"
SERVICE = {
    "urn": URN, "custom": True, "type": "aws:ecs/service:Service", "id": "arn:web",
    "outputs": {"cluster": "agents", "token": {SECRET_KEY: SECRET_SIGNATURE, "ciphertext": "v1:x"}},
}  # fmt: skip
COMPONENT = {
    "urn": URN.replace("aws:ecs/service:Service", "x"),
    "custom": False,
    "type": "agent-platform:index:Compute",
}
PROGRAM = CliProgram(name="fake-cloud", check=("fake-cloud", "--version"), install="install the fake cloud")
Call = tuple[str, object]


@dataclass
class FakeCli:
    """Command line of a cloud that records its calls; `answer` is returned or raised."""

    calls: list[Call] = field(default_factory=list[Call])
    stacks: list[DeployedStack] = field(default_factory=list[DeployedStack])
    answer: "int | BaseException" = 0
    programs: Sequence[CliProgram] = ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: object) -> int:
        return self._answer("logs", stack, query)

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: object) -> int:
        return self._answer("run", stack, (service, *command))

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: object) -> int:
        return self._answer("exec", stack, (service, *command))

    def _answer(self, name: str, stack: DeployedStack, request: object) -> int:
        self.calls.append((name, request))
        self.stacks.append(stack)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the stack `trial` of two services, as the working directory."""
    project = tmp_path / "project"
    project.mkdir()
    write_stack_file(project, "trial", with_values(BASE, {"services.worker": {"image": "w:1", "port": 9000}}))
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def engine(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Fake engine whose backend has the deployed stack `trial`."""
    fake = FakeEngine.install(tmp_path, monkeypatch)
    fake.add("trial", [COMPONENT, SERVICE])
    fake.set_outputs({"url": "https://agents.example.com", "services": {"web": "https://agents.example.com/web"}})
    return fake


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    fake = FakeCli()

    def load(cloud: str) -> FakeCli:
        return fake

    monkeypatch.setattr(operations, "command_line", load)
    return fake


@pytest.fixture
def run(engine: FakeEngine, cli: FakeCli, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_a_task_receives_service_and_command_and_returns_its_exit_code(run: Run, cli: FakeCli) -> None:
    cli.answer = 3
    result = run("run", "trial", "web", "--", "python", "-c", "print(1)")
    assert (result.code, result.errors) == (3, [])
    assert cli.calls == [("run", ("web", "python", "-c", "print(1)"))]


def test_a_command_in_a_replica_returns_its_exit_code(run: Run, cli: FakeCli) -> None:
    cli.answer = 42
    assert run("exec", "trial", "worker", "--", "sh").code == 42
    assert cli.calls == [("exec", ("worker", "sh"))]


def test_a_command_that_a_signal_ended_has_the_exit_code_of_a_shell(run: Run, cli: FakeCli) -> None:
    cli.answer = -9
    assert run("run", "trial", "web", "--", "sh").code == 137


def test_the_cloud_receives_the_state_with_secrets_masked(run: Run, cli: FakeCli) -> None:
    run("logs", "trial", "web")
    (stack,) = cli.stacks
    assert (stack.name, set(stack.spec.services)) == ("trial", {"web", "worker"})
    (resource,) = stack.resources
    assert (resource.name, resource.type, resource.id) == ("trial-compute-web", "aws:ecs/service:Service", "arn:web")
    assert resource.outputs == {"cluster": "agents", "token": "[secret]"}


def test_logs_of_one_service_have_a_period_and_follow(run: Run, cli: FakeCli) -> None:
    assert run("logs", "trial", "web", "--follow", "--since", "2h").code == 0
    assert cli.calls == [("logs", LogQuery("web", 7200, follow=True))]


def test_logs_without_a_service_are_those_of_all(run: Run, cli: FakeCli) -> None:
    result = run("logs", "trial")
    assert result.out.splitlines() == ["==> web <==", "==> worker <=="]
    assert [request for _, request in cli.calls] == [LogQuery("web"), LogQuery("worker")]
    refused = run("logs", "trial", "--follow")
    assert (refused.code, refused.errors) == (
        ExitCode.INVALID,
        ["--follow: needs one service. Run `agent-platform logs trial SERVICE --follow` with web or worker."],
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400), (" 5m ", 300)]
)
def test_a_period_is_read_in_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5m", "m", "1.5h", "5 min", "401d", "9999999s"])
def test_a_period_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration) as error:
        seconds_of(text)
    assert str(error.value) == (f"--since: {text} is not a period of up to 400 days. Use the form 90s, 15m, 2h or 1d.")


@pytest.mark.parametrize(
    "arguments", [("logs", "trial", "wep"), ("run", "trial", "wep", "--", "sh"), ("exec", "trial", "wep", "--", "sh")]
)
def test_an_unknown_service_is_refused_before_the_engine_runs(
    arguments: Sequence[str], run: Run, engine: FakeEngine
) -> None:
    result = run(*arguments)
    assert (result.code, result.errors) == (
        ExitCode.INVALID,
        ["service: no service wep (did you mean web). Use web or worker."],
    )
    assert engine.calls == []


def test_a_missing_program_is_reported_before_the_engine_runs(run: Run, cli: FakeCli, engine: FakeEngine) -> None:
    cli.programs = (PROGRAM,)
    result = run("run", "trial", "web", "--", "sh")
    assert (result.code, result.errors) == (
        ExitCode.FAILED,
        ["the program fake-cloud is not on PATH. Install the fake cloud."],
    )
    assert engine.calls == []


def test_a_stack_without_resources_is_reported(run: Run, engine: FakeEngine, cli: FakeCli) -> None:
    engine.add("trial")
    result = run("logs", "trial", "web")
    assert (result.code, result.errors) == (
        ExitCode.FAILED,
        ["trial: the stack is not deployed. Run `agent-platform up trial`."],
    )
    (engine.home / "stacks" / "trial").unlink()
    absent = run("logs", "trial", "web")
    assert absent.errors[0].startswith("trial: the backend file:///state has no such stack; ")
    assert cli.calls == []


def test_a_missing_login_to_the_backend_is_one_sentence(run: Run, engine: FakeEngine) -> None:
    engine.fail("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")
    result = run("logs", "trial", "web")
    assert result.code == ExitCode.FAILED
    assert len(result.errors) == 1
    assert result.errors[0].startswith("trial: not logged in to the state backend.")


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (CliFailure("services.web", "no replica is running", "read the logs"), ExitCode.FAILED,
         "services.web: no replica is running. Read the logs."),
        (InvalidConfiguration([Unsupported("aws", "services.web", "no shell", "use run")]), ExitCode.INVALID,
         "services.web: not supported on aws: no shell. Use run."),
        (DeploymentFailed(Failure.NO_CREDENTIALS, "the AWS CLI has no valid credentials", "run `aws sso login`"),
         ExitCode.FAILED, "the AWS CLI has no valid credentials. Run `aws sso login`."),
    ],
)  # fmt: skip
def test_a_failure_of_the_cloud_is_one_sentence_with_its_fix(
    answer: Exception, code: ExitCode, error: str, run: Run, cli: FakeCli
) -> None:
    cli.answer = answer
    result = run("exec", "trial", "web", "--", "sh")
    assert (result.code, result.errors) == (code, [error])


def test_an_interrupted_command_may_still_run(run: Run, cli: FakeCli) -> None:
    cli.answer = KeyboardInterrupt()
    result = run("run", "trial", "web", "--", "sh")
    assert (result.code, result.errors) == (
        130,
        ["interrupted; if the command has started, it may still run: see `agent-platform logs trial web`"],
    )


def test_following_logs_ends_without_a_message(run: Run, cli: FakeCli) -> None:
    cli.answer = KeyboardInterrupt()
    followed = run("logs", "trial", "web", "--follow")
    assert (followed.code, followed.errors) == (130, [])
    assert run("logs", "trial", "web").errors == ["interrupted while the logs were read"]


def test_an_interrupt_while_the_state_is_read_changes_nothing(run: Run, engine: FakeEngine, cli: FakeCli) -> None:
    engine.fail("error: update canceled")
    result = run("run", "trial", "web", "--", "sh")
    assert (result.code, result.errors) == (130, ["interrupted while the state was read; nothing was changed"])
    assert cli.calls == []


def test_a_task_needs_a_command(run: Run, cli: FakeCli) -> None:
    assert run("run", "trial", "web").code == ExitCode.INVALID
    assert cli.calls == []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """URLs that were opened in a browser, on a machine with a display."""
    urls: list[str] = []
    monkeypatch.setattr(service_commands.webbrowser, "open", urls.append)
    monkeypatch.setenv("DISPLAY", ":0")
    return urls


def test_the_url_is_printed_and_opened_where_there_is_a_display(
    run: Run, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("open", "trial").out == "https://agents.example.com\n"
    assert run("open", "trial", "web").out == "https://agents.example.com/web\n"
    assert opened == ["https://agents.example.com", "https://agents.example.com/web"]
    assert run("open", "trial", "--print").out == "https://agents.example.com\n"
    assert json.loads(run("open", "trial", "--json").out) == {"stack": "trial", "url": "https://agents.example.com"}
    monkeypatch.setattr(service_commands.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert run("open", "trial").code == 0
    assert len(opened) == 2


def test_a_stack_without_a_url_is_reported(run: Run, engine: FakeEngine, opened: list[str]) -> None:
    assert run("open", "trial", "wep").errors == [
        "service: the stack trial has no URL for wep (did you mean web). Use web."
    ]
    engine.set_outputs({"url": "", "services": {}})
    assert run("open", "trial").errors == [
        "url: the stack trial has no URL. Run `agent-platform up trial`; a service is public when it has a `path`."
    ]
    assert opened == []


def test_from_python_the_operations_return_exit_codes(folder: Path, engine: FakeEngine) -> None:
    fake = FakeCli(answer=7)
    service_operations = ServiceOperations("trial", folder, cli=cast("CloudCli", fake))
    assert service_operations.run("web", ["sh"]) == 7
    assert service_operations.deployed().resources[0].id == "arn:web"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_programs_of_every_cloud_state_how_to_install_them(cloud: str) -> None:
    try:
        cli = command_line(cloud)
    except ModuleNotFoundError:
        pytest.skip(f"{cloud} has no command line")
    programs = programs_of(cloud, cli)
    assert programs
    assert all(program.name and program.install[:1].islower() for program in programs)
