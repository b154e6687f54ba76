"""Commands that deploy, up to the start of the engine: errors are reported without an engine or an SDK."""

import subprocess
import sys
from pathlib import Path

import pytest

from automation.cli.session import ExitCode
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from tests.automation.command_line import Run, runner, write_stack_file

ROOT = Path(__file__).parent.parent.parent
PROGRAM_COMMANDS = ("preview", "up")
OTHER_COMMANDS = ("refresh", "drift", "destroy", "outputs", "history", "cancel")
CONFIRMED_COMMANDS = ("up", "refresh", "destroy", "cancel")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Project folder with the stack `trial` on a machine without an engine."""
    for file in ("__main__.py", "Pulumi.yaml"):
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"), encoding="utf-8")
    write_stack_file(tmp_path, "trial", with_values(BASE, {}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.mark.parametrize("command", [*PROGRAM_COMMANDS, *OTHER_COMMANDS])
def test_a_missing_engine_is_reported_in_one_line(command: str, run: Run) -> None:
    yes = ["--yes"] if command in CONFIRMED_COMMANDS else []
    result = run(command, "trial", *yes)
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert result.errors == [
        "the Pulumi CLI is not installed. Run `agent-platform doctor STACK`, which lists what is missing and how to "
        "install it."
    ]


@pytest.mark.parametrize("command", [*PROGRAM_COMMANDS, *OTHER_COMMANDS])
def test_an_unknown_stack_is_reported_before_the_confirmation(command: str, run: Run) -> None:
    result = run(command, "trail")
    assert result.code == ExitCode.INVALID
    assert len(result.errors) == 1
    assert result.errors[0].startswith("stack: ")
    assert "Pulumi.trail.yaml (did you mean trial)" in result.errors[0]


@pytest.mark.parametrize("command", CONFIRMED_COMMANDS)
def test_without_a_terminal_the_confirmation_must_be_an_option(command: str, run: Run) -> None:
    result = run(command, "trial")
    assert (result.code, result.out) == (ExitCode.INVALID, "")
    assert result.errors == [
        "--yes: confirmation required: input or output is not a terminal. "
        f"Check the output of `agent-platform preview`, then run `agent-platform {command} trial --yes`."
    ]


@pytest.mark.parametrize("command", PROGRAM_COMMANDS)
def test_every_error_of_the_stack_file_is_reported(command: str, folder: Path, run: Run) -> None:
    write_stack_file(folder, "bad", with_values(BASE, {"network.zones": 9, "databse": {}}))
    yes = ["--yes"] if command in CONFIRMED_COMMANDS else []
    result = run(command, "bad", *yes)
    assert result.code == ExitCode.INVALID
    assert [line.partition(":")[0] for line in result.errors] == ["network.zones", "databse"]


@pytest.mark.parametrize("command", OTHER_COMMANDS)
def test_a_stack_with_an_invalid_file_can_be_inspected_and_destroyed(command: str, folder: Path, run: Run) -> None:
    write_stack_file(folder, "bad", with_values(BASE, {"network.zones": 9}))
    yes = ["--yes"] if command in CONFIRMED_COMMANDS else []
    assert run(command, "bad", *yes).errors[0].startswith("the Pulumi CLI is not installed")


def test_a_secret_without_a_value_is_reported_without_the_engine(folder: Path, run: Run) -> None:
    write_stack_file(folder, "trial", with_values(BASE, {"services.web.secrets": ["API_KEY"]}))
    result = run("preview", "trial")
    assert (result.code, result.errors) == (
        ExitCode.INVALID,
        ["services.web.secrets: the secret API_KEY has no value. Run `agent-platform secret set trial API_KEY`."],
    )


def test_a_setting_is_validated_like_the_file(run: Run) -> None:
    result = run("preview", "trial", "--set", "network.zones=9")
    assert (result.code, result.errors[0].partition(":")[0]) == (ExitCode.INVALID, "network.zones")


def test_a_setting_without_a_value_is_refused(run: Run) -> None:
    result = run("preview", "trial", "--set", "network.zones")
    assert result.errors == ["--set: network.zones has no value. Use the form services.gateway.image=VALUE."]


def test_a_ttl_applies_to_ephemeral_stacks_only(run: Run) -> None:
    result = run("up", "trial", "--yes", "--ttl-hours", "24")
    assert (result.code, result.errors) == (
        ExitCode.INVALID,
        ["--ttl-hours: 24 hours apply to an ephemeral stack only. Add --name."],
    )


def test_json_output_contains_the_failure(run: Run) -> None:
    assert '"kind": "no engine"' in run("up", "trial", "--yes", "--json").out


@pytest.mark.parametrize("command", PROGRAM_COMMANDS)
def test_an_invalid_file_is_reported_without_loading_an_sdk(command: str, folder: Path) -> None:
    write_stack_file(folder, "bad", with_values(BASE, {"network.zones": 9}))
    arguments = [command, "bad", *(["--yes"] if command in CONFIRMED_COMMANDS else [])]
    program = (
        f"import sys\nfrom automation.cli.main import main\n"
        f"try:\n    main({arguments!r})\n"
        "finally:\n    print({name for name in sys.modules if name.partition('.')[0] in ('pulumi', 'rich', 'grpc')})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ended.returncode, ended.stdout.decode()) == (ExitCode.INVALID, "set()\n")


def test_the_package_loads_the_sdk_with_deployment_only() -> None:
    program = (
        "import sys, automation, automation.deploy\n"
        "before = 'pulumi' in sys.modules\n"
        "from automation import Deployment\n"
        "print(before, 'pulumi' in sys.modules, Deployment.__name__)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "False True Deployment\n"
