"""Login to a state backend and its creation: commands, the stack file, refusals and failures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from automation.cli.session import ExitCode
from automation.deploy.errors import DeploymentFailed, Failure
from automation.engine import login as logins
from automation.plan.spec_keys import BASE
from components.configuration import PLATFORM_KEY
from providers.contract.cli import CliCommand, CliFailure, CliProgram, StateBackend
from providers.contract.spec import Platform
from tests.automation.command_line import Run, runner, write_stack_file
from tests.automation.fake_engine import FakeEngine

URL, PROVIDER = "s3://acme-state?region=us-west-2", "awskms://alias/acme?region=us-west-2"
LOOKUP = CliCommand(("cloud", "find", "key"))
COMMANDS = (CliCommand(("cloud", "create", "key"), unless=LOOKUP), CliCommand(("cloud", "create", "bucket")))
NEXT = [f"agent-platform login '{URL}'", f"agent-platform up trial --create --secrets-provider '{PROVIDER}'"]
PRINTED = ["cloud find key >/dev/null 2>&1 || cloud create key", "cloud create bucket", *NEXT]


@dataclass
class StateCli:
    """Command line of a cloud that has a state backend alone."""

    programs: Sequence[CliProgram] = ()

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        if name == "Bad":
            raise CliFailure("--create-state", "no such name", "use lower case")
        return StateBackend(URL, PROVIDER, COMMANDS)


@dataclass
class RecordingShell:
    """Shell that records its commands; those of `existing` succeed as lookups, `failure` ends every other command."""

    existing: tuple[CliCommand, ...] = ()
    failure: BaseException | None = None
    ran: list[str] = field(default_factory=list[str])

    def output(self, command: CliCommand) -> str:
        if self.failure is not None:
            raise self.failure
        self.ran.append(" ".join(command.arguments))
        return ""

    def succeeds(self, command: CliCommand) -> bool:
        return command in self.existing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the stack `trial`, whose file has a comment, as the working directory."""
    project = tmp_path / "project"
    project.mkdir()
    write_stack_file(project, "trial", BASE)
    path = project / "Pulumi.trial.yaml"
    path.write_text(f"# ours\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    monkeypatch.chdir(project)
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    return project


@pytest.fixture
def engine(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    (folder / "Pulumi.yaml").write_text("name: agent-platform\nruntime: python\n", encoding="utf-8")
    return FakeEngine.install(tmp_path, monkeypatch)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> StateCli:
    fake = StateCli()

    def load(cloud: str) -> StateCli:
        return fake

    monkeypatch.setattr(logins, "command_line", load)
    return fake


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> RecordingShell:
    fake = RecordingShell()

    def make(**options: object) -> RecordingShell:
        return fake

    monkeypatch.setattr(logins, "LocalShell", make)
    return fake


@pytest.fixture
def run(engine: FakeEngine, cli: StateCli, shell: RecordingShell, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def stack_text(folder: Path) -> str:
    return (folder / "Pulumi.trial.yaml").read_text(encoding="utf-8")


def test_a_login_runs_the_command_of_pulumi_and_prints_it(run: Run, engine: FakeEngine) -> None:
    result = run("login", URL)
    assert (result.code, result.errors, result.out) == (0, [f"$ pulumi login '{URL}'"], f"logged in to {URL}\n")
    (call,) = engine.calls_of("login")
    assert call.arguments[-2:] == ["login", URL]


def test_without_a_url_pulumi_chooses_the_backend(run: Run, engine: FakeEngine) -> None:
    assert run("login").errors == ["$ pulumi login"]
    assert engine.calls_of("login")[0].arguments[-1] == "login"


def test_the_folder_of_a_file_backend_is_an_absolute_path(run: Run, engine: FakeEngine, folder: Path) -> None:
    run("login", "file://./state")
    assert engine.calls_of("login")[0].arguments[-1] == f"file://{folder}/state"


def test_credentials_in_a_url_are_not_printed(run: Run) -> None:
    result = run("login", "postgres://user:hunter2@db.example.com/state")
    assert "hunter2" not in "".join((result.out, *result.errors))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["foo://x"], "URL: foo://x is not the URL of a state backend. Use s3://BUCKET?region=REGION, gs://BUCKET, "
         "azblob://CONTAINER?storage_account=ACCOUNT or https://api.pulumi.com."),
        ([URL, URL], "login: too many arguments. Provide one URL and one stack."),
        (["trail"], "stack: no file Pulumi.trail.yaml (did you mean trial). Use trial."),
        (["--print"], "--print: applies to --create-state only. Remove it."),
        ([URL, "trial", "--create-state", "acme"],
         "--create-state: conflicts with a URL. Remove the URL, which follows from the name."),
        (["trial", "--create-state", "acme"], "--yes: confirmation required: input or output is not a terminal. "
         "Check the commands with --print, then add --yes."),
    ],
)  # fmt: skip
def test_arguments_that_have_no_meaning_are_refused(
    arguments: Sequence[str], message: str, run: Run, engine: FakeEngine, shell: RecordingShell
) -> None:
    result = run("login", *arguments)
    assert (result.code, result.errors) == (ExitCode.INVALID, [message])
    assert (engine.calls, shell.ran) == ([], [])


def test_a_variable_that_overrides_the_login_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    assert run("login", URL).errors == [
        "URL: PULUMI_BACKEND_URL is set to another backend, and takes precedence over a login. "
        "Unset PULUMI_BACKEND_URL, or set it to the URL."
    ]


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        (URL, "Run `aws sso login` or `aws configure`, and check the URL; if the bucket does not exist, "
         "run `agent-platform login --create-state NAME STACK`."),
        ("file:///absent", "Create the folder, and check the URL."),
        ("https://api.pulumi.com", "Set PULUMI_ACCESS_TOKEN, or run `pulumi login` on a terminal, which prompts for it, "
         "and check the URL."),
    ],
)  # fmt: skip
def test_a_failed_login_has_the_cause_and_what_the_backend_needs(
    url: str, fix: str, run: Run, engine: FakeEngine
) -> None:
    engine.fail(f'SDK WARN x\nerror: could not log in to the state backend "{url}": no such bucket\n')
    result = run("login", url)
    assert (result.code, result.errors[1:]) == (ExitCode.FAILED, [f"cannot log in to {url}: no such bucket. {fix}"])


def test_the_state_is_created_and_the_stack_file_names_the_key(
    run: Run, engine: FakeEngine, shell: RecordingShell, folder: Path
) -> None:
    before = stack_text(folder)
    result = run("login", "--create-state", "acme", "trial", "--yes")
    assert result.code == 0
    assert shell.ran == ["cloud create key", "cloud create bucket"]
    assert engine.calls_of("login")[0].arguments[-1] == URL
    assert stack_text(folder) == f'{before}secretsprovider: "{PROVIDER}"\n'
    assert result.out.splitlines()[-1] == f"Pulumi.trial.yaml now names the key, {PROVIDER}; commit the file"


def test_a_repeated_creation_keeps_what_exists(run: Run, shell: RecordingShell, folder: Path) -> None:
    run("login", "--create-state", "acme", "--yes")
    text, shell.existing = stack_text(folder), (LOOKUP,)
    shell.ran.clear()
    result = run("login", "--create-state", "acme", "--yes")
    assert (shell.ran, stack_text(folder)) == (["cloud create bucket"], text)
    assert "names the key already" in result.out


def test_the_commands_are_printed_on_request(run: Run, shell: RecordingShell, engine: FakeEngine) -> None:
    result = run("login", "--create-state", "acme", "trial", "--print")
    assert result.out.splitlines() == PRINTED
    assert (shell.ran, engine.calls) == ([], [])


def test_without_the_clouds_program_or_login_the_commands_are_printed(
    run: Run, cli: StateCli, shell: RecordingShell, folder: Path
) -> None:
    before = stack_text(folder)
    cli.programs = (CliProgram("absent-cloud", ("absent-cloud",), "install the cloud"),)
    result = run("login", "--create-state", "acme", "trial", "--yes")
    assert (result.code, result.errors) == (
        ExitCode.FAILED,
        ["the program absent-cloud is not on PATH. Install the cloud."],
    )
    assert result.out.splitlines() == ["the same with commands:", *PRINTED]
    cli.programs, shell.failure = (), DeploymentFailed(Failure.NO_CREDENTIALS, "no credentials", "log in")
    assert run("login", "--create-state", "acme", "trial", "--yes").out.splitlines()[1:] == PRINTED
    assert stack_text(folder) == before


def test_an_interrupted_creation_can_be_repeated(run: Run, shell: RecordingShell, engine: FakeEngine) -> None:
    shell.failure = KeyboardInterrupt()
    result = run("login", "--create-state", "acme", "trial", "--yes")
    assert (result.code, result.errors) == (
        130,
        ["interrupted; run the same command again, which creates what is missing"],
    )
    assert engine.calls == []


@pytest.mark.parametrize(
    ("lines", "current"), [("encryptionsalt: v1:x\n", "a passphrase"), ("secretsprovider: gcpkms://k\n", "gcpkms://k")]
)
def test_secrets_under_another_key_are_not_orphaned(
    lines: str, current: str, run: Run, folder: Path, shell: RecordingShell
) -> None:
    (folder / "Pulumi.trial.yaml").write_text(stack_text(folder) + lines, encoding="utf-8")
    result = run("login", "--create-state", "acme", "trial", "--yes")
    assert result.errors == [
        f"Pulumi.trial.yaml: its secrets are encrypted with {current}. Run `pulumi stack change-secrets-provider "
        f"'{PROVIDER}' --stack trial` after the login without --create-state."
    ]
    assert shell.ran == []


def test_a_name_that_the_cloud_refuses_is_reported(run: Run) -> None:
    assert run("login", "--create-state", "Bad", "trial", "--yes").errors == [
        "--create-state: no such name. Use lower case."
    ]


def test_a_stack_is_needed_where_there_are_several(run: Run, folder: Path) -> None:
    write_stack_file(folder, "large", BASE)
    assert run("login", "--create-state", "acme", "--yes").errors == [
        "--create-state: needs a stack, which names the cloud and the region. Add large or trial."
    ]


def test_a_docker_stack_needs_no_backend(run: Run, folder: Path) -> None:
    document = yaml.safe_load(stack_text(folder))
    platform = {key: value for key, value in document["config"][PLATFORM_KEY].items() if key != "aws"}
    write_stack_file(folder, "trial", {**platform, "cloud": "docker"})
    (message,) = run("login", "--create-state", "acme", "--yes").errors
    assert message.startswith("--create-state: the state of a Docker stack is in the folder .local beside its file")
