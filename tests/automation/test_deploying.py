"""The commands that deploy, up to where the engine begins: what is refused costs neither the engine nor an SDK."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from automation.cli.console import ExitCode
from automation.cli.main import main
from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers.contract.spec.defaults import Raw

ROOT = Path(__file__).parent.parent.parent
PROGRAM_COMMANDS = ("preview", "up")
OTHER_COMMANDS = ("refresh", "drift", "destroy", "outputs", "history", "cancel")
ASKING = ("up", "refresh", "destroy", "cancel")


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit code."""

    out: str
    errors: list[str]
    code: object


Run = Callable[..., Told]


def write(folder: Path, stack: str, platform: Raw) -> None:
    text = yaml.safe_dump({"config": {PLATFORM_KEY: platform}})
    (folder / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the stack `trial`, on a machine that has no engine."""
    for file in ("__main__.py", "Pulumi.yaml"):
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"), encoding="utf-8")
    write(tmp_path, "trial", with_values(BASE, {}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> Told:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, errors = capsys.readouterr()
        return Told(out, errors.splitlines(), end.value.code)

    return command


@pytest.mark.parametrize("command", [*PROGRAM_COMMANDS, *OTHER_COMMANDS])
def test_a_missing_engine_is_one_sentence(command: str, run: Run) -> None:
    yes = ["--yes"] if command in ASKING else []
    told = run(command, "trial", *yes)
    assert (told.code, told.out) == (ExitCode.FAILED, "")
    assert told.errors == [
        "the Pulumi CLI is not installed; run `agent-platform doctor STACK`, which tells what is missing and how it "
        "comes here."
    ]


@pytest.mark.parametrize("command", [*PROGRAM_COMMANDS, *OTHER_COMMANDS])
def test_an_unknown_stack_names_those_there_are(command: str, run: Run) -> None:
    yes = ["--yes"] if command in ASKING else []
    told = run(command, "trail", *yes)
    assert (told.code, told.errors) == (
        ExitCode.INVALID,
        ['stack: "trail" has no file Pulumi.trail.yaml (did you mean trial); the stacks here are trial.'],
    )


@pytest.mark.parametrize("command", ASKING)
def test_without_a_terminal_the_confirmation_must_be_an_option(command: str, run: Run) -> None:
    told = run(command, "trial")
    assert (told.code, told.out) == (ExitCode.INVALID, "")
    assert told.errors == [
        "--yes: confirmation required: input or output is not a terminal. "
        f"Check the output of `agent-platform preview`, then run `agent-platform {command} trial --yes`."
    ]


@pytest.mark.parametrize("command", PROGRAM_COMMANDS)
def test_every_mistake_of_the_file_is_told_first(command: str, folder: Path, run: Run) -> None:
    write(folder, "bad", with_values(BASE, {"network.zones": 9, "databse": {}}))
    yes = ["--yes"] if command in ASKING else []
    told = run(command, "bad", *yes)
    assert told.code == ExitCode.INVALID
    assert [line.partition(":")[0] for line in told.errors] == ["network.zones", "databse"]


@pytest.mark.parametrize("command", OTHER_COMMANDS)
def test_a_stack_whose_file_is_wrong_can_still_be_seen_and_destroyed(command: str, folder: Path, run: Run) -> None:
    write(folder, "bad", with_values(BASE, {"network.zones": 9}))
    yes = ["--yes"] if command in ASKING else []
    assert run(command, "bad", *yes).errors[0].startswith("the Pulumi CLI is not installed")


def test_a_secret_without_a_value_is_told_before_the_engine_starts(folder: Path, run: Run) -> None:
    write(folder, "trial", with_values(BASE, {"services.web.secrets": ["API_KEY"]}))
    told = run("preview", "trial")
    assert (told.code, told.errors) == (
        ExitCode.INVALID,
        [
            'services.web.secrets: "API_KEY" has no value; '
            "run `pulumi config set --stack trial --secret agent-platform:API_KEY`."
        ],
    )


def test_a_setting_for_one_run_is_checked_as_the_file_is(run: Run) -> None:
    told = run("preview", "trial", "--set", "network.zones=9")
    assert (told.code, told.errors[0].partition(":")[0]) == (ExitCode.INVALID, "network.zones")


def test_a_setting_without_a_value_is_refused(run: Run) -> None:
    told = run("preview", "trial", "--set", "network.zones")
    assert told.errors == ["--set: network.zones has no value. Use the form services.gateway.image=VALUE."]


def test_a_time_to_live_is_for_another_stack_only(run: Run) -> None:
    told = run("up", "trial", "--yes", "--ttl-hours", "24")
    assert (told.code, len(told.errors)) == (ExitCode.INVALID, 1)
    assert told.errors[0].startswith("--ttl-hours: 24")


def test_machines_learn_of_a_failure_in_a_line_of_json(run: Run) -> None:
    assert '"kind": "no engine"' in run("up", "trial", "--yes", "--json").out


@pytest.mark.parametrize("command", PROGRAM_COMMANDS)
def test_a_bad_file_is_answered_before_an_sdk_is_loaded(command: str, folder: Path) -> None:
    write(folder, "bad", with_values(BASE, {"network.zones": 9}))
    arguments = [command, "bad", *(["--yes"] if command in ASKING else [])]
    program = (
        f"import sys\nfrom automation.cli.main import main\n"
        f"try:\n    main({arguments!r})\n"
        "finally:\n    print({name for name in sys.modules if name.partition('.')[0] in ('pulumi', 'rich', 'grpc')})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (ended.returncode, ended.stdout.decode()) == (ExitCode.INVALID, "set()\n")


def test_the_package_loads_no_sdk_until_a_deployment_is_asked_for() -> None:
    program = (
        "import sys, automation, automation.deploy\n"
        "before = 'pulumi' in sys.modules\n"
        "from automation import Deployment\n"
        "print(before, 'pulumi' in sys.modules, Deployment.__name__)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "False True Deployment\n"
