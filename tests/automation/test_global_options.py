"""Options of all commands: the project folder, the version, completion, the order of the help, and interrupts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from automation.cli import session
from automation.cli.display import Display
from automation.cli.main import SECTIONS, app
from automation.cli.session import ExitCode, operation
from automation.engine.installation import sdk_version
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from automation.stack.folder import FOLDER_VARIABLE, project_folder, use_folder
from tests.automation.command_line import Run, runner, write_stack_file

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the stack `trial`, which is not the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__main__.py").write_text((ROOT / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")
    write_stack_file(folder, "trial", with_values(BASE, {"services.web.secrets": ["API_KEY"]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    return folder


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_commands_use_the_folder_of_the_option(project: Path, run: Run) -> None:
    assert run("plan", "trial").code == ExitCode.INVALID
    assert run("-C", str(project), "plan", "trial", "--brief").out.startswith("AgentPlatform  trial")
    assert "cloud=aws" in run("-C", "project", "describe", "trial").out


def test_the_option_ends_with_its_command(project: Path, run: Run) -> None:
    run("-C", str(project), "describe", "trial")
    assert project_folder() == Path.cwd()


def test_commands_use_the_folder_of_the_variable(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(project))
    assert "cloud=aws" in run("describe", "trial").out
    assert project_folder() == project
    (project.parent / "other").mkdir()
    assert run("-C", "other", "describe", "trial").code == ExitCode.INVALID


def test_an_explicit_folder_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/variable")
    with use_folder(Path("/option")):
        assert project_folder(tmp_path) == tmp_path
        assert project_folder() == Path("/option")
    assert project_folder() == Path("/variable")


def test_a_folder_that_does_not_exist_is_reported_with_both_names(run: Run) -> None:
    result = run("-C", "absent", "plan", "trial")
    assert (result.code, result.out) == (ExitCode.INVALID, "")
    assert result.errors == ["-C: absent is not a folder. Correct -C or the variable AGENT_PLATFORM_DIR."]


def test_the_versions_of_package_and_sdk_are_printed(run: Run) -> None:
    result = run("--version")
    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0].startswith("agent-platform ")
    assert lines[1] == f"Pulumi SDK {sdk_version()}"
    assert lines[2] == f"Python {sys.version.partition(' ')[0]}"


def completions(folder: Path, words: str) -> list[str]:
    """Return what the completion of bash prints for a command line, whose last word is completed."""
    program = "import sys; sys.argv[0] = 'agent-platform'\nfrom automation.cli.main import main\nmain()"  # the name of the variable follows from that of the program
    count = str(len(words.split(" ")) - 1)
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "COMP_WORDS": words, "COMP_CWORD": count,
        "_AGENT_PLATFORM_COMPLETE": "complete_bash",
    }  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
    return ended.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("agent-platform preview ", ["large", "trial"]),
        ("agent-platform plan t", ["trial"]),
        ("agent-platform promote large t", ["trial"]),
        ("agent-platform rotate trial A", ["API_KEY"]),
        ("agent-platform rotate absent A", []),
        ("agent-platform desc", ["describe"]),
    ],
)
def test_stacks_secrets_and_commands_are_completed(project: Path, words: str, expected: list[str]) -> None:
    write_stack_file(project, "large", BASE)
    assert completions(project, words) == expected


def test_a_completion_uses_the_folder_of_the_option(project: Path) -> None:
    assert completions(project.parent, "agent-platform -C project plan t") == ["trial"]


def test_an_invalid_file_completes_nothing(project: Path) -> None:
    (project / "Pulumi.bad.yaml").write_text("config: [", encoding="utf-8")
    assert completions(project, "agent-platform rotate bad ") == []


def test_the_completion_script_is_printed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # a test that a CI service runs has no shell among its parents
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    assert "complete" in run("--show-completion").out


def test_every_command_has_one_place_in_the_help() -> None:
    registered = [
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    ]
    registered += [group.name or "" for group in app.registered_groups]
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(set(listed)) == sorted(listed)
    assert set(registered) <= set(listed), "the help lists the commands of SECTIONS only"


def test_no_line_of_the_help_is_cut(run: Run) -> None:
    lines = run("--help").out.splitlines()
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage")] == []
    headings = [line.removesuffix(":") for line in lines if line.removesuffix(":") in SECTIONS]
    assert headings == [heading for heading in SECTIONS if heading in headings]


@pytest.mark.parametrize("stack", ["absent", "trial"])
def test_a_promotion_names_an_unknown_stack_before_it_requires_a_confirmation(
    stack: str, project: Path, run: Run
) -> None:
    result = run("-C", str(project), "promote", stack, "trail")
    assert result.errors[0].startswith("stack: no file Pulumi.")


def interrupted(phases: "Iterator[tuple[str, bool]]", *, after: bool) -> None:
    """Raise an interrupt in the last phase of an operation, or after it."""
    with operation() as display:
        _enter(display, list(phases), after=after)


def _enter(display: Display, phases: list[tuple[str, bool]], *, after: bool) -> None:
    for index, (title, changes) in enumerate(phases):
        with display.changes(title, {}) if changes else display.read_only(title):
            if index == len(phases) - 1 and not after:
                raise KeyboardInterrupt
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("phases", "after", "message"),
    [
        ([], True, "interrupted before the operation; nothing was changed"),
        ([("prod  previewing", False)], False, "prod  previewing: interrupted here; the cloud was not changed"),
        ([("prod  previewing", False)], True, "prod  previewing: interrupted after this; the cloud was not changed"),
        (
            [("prod  previewing", False), ("prod  updating", True)],
            False,
            "prod  updating: interrupted here; completed operations are saved in the state",
        ),
        (
            [("prod  updating", True), ("prod  reading", False)],
            True,
            "prod  reading: interrupted after this; completed operations are saved in the state",
        ),
    ],
)
def test_an_interrupt_names_the_phase_and_its_effect(
    phases: list[tuple[str, bool]], after: bool, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as end:
        interrupted(iter(phases), after=after)
    assert (end.value.exit_code, capsys.readouterr().err.strip()) == (ExitCode.FAILED, message)


def test_an_interrupted_confirmation_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(question: str) -> bool:
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", interrupt)
    with pytest.raises(typer.Exit):
        session.confirm("Apply?", yes=False)
    assert capsys.readouterr().err.strip() == "nothing was changed"
