"""`make up` and `make down`: what they remove, and their error messages."""

import sys
from pathlib import Path

import pytest

from automation.local import lifecycle
from automation.local.state import LocalState
from tests.planning import ROOT


@pytest.fixture
def stack_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stack file in a copy of the repository that has only the program and the example."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "Pulumi.local.yaml"


@pytest.fixture
def state(stack_file: Path) -> LocalState:
    """State that has been created."""
    state = LocalState(stack_file.parent)
    state.create()
    return state


def program(folder: Path, name: str, script: str) -> None:
    """Program on the PATH of the tests."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder with an engine and a Docker that know of nothing; the only one on PATH beside the system's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "pulumi", 'case "$1" in version) echo v3.274.1;; *) exit 1;; esac')
    program(folder, "pulumi-language-python", "")
    program(folder, "docker", "")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "no-environment"))
    return folder


def answer_export(programs: Path, text: str, code: int = 255) -> None:
    """Let the engine answer `stack export` with a text on standard error."""
    (programs / "export").write_text(text, encoding="utf-8")
    export = f"cat {programs}/export >&2; exit {code}"
    program(programs, "pulumi", f'case "$*" in version) echo v3.274.1;; *"stack export"*) {export};; *) exit 1;; esac')


def test_a_daemon_that_does_not_answer_is_reported_before_images_are_built(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(programs, "docker", "echo Cannot connect to the Docker daemon at unix:///x >&2; exit 1")
    answers = 'version) echo v3.274.1;; *whoami*) echo "{\\"user\\": \\"me\\"}";; *) exit 0;;'
    program(programs, "pulumi", f'case "$*" in {answers} esac')
    assert lifecycle.bring_up(stack_file) == 1
    output = capsys.readouterr()
    assert output.err.endswith(
        "cannot reach the Docker daemon. Start Docker, or set DOCKER_HOST to the address of its daemon.\n"
    )
    assert "checking the images" not in output.out + output.err


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("error: could not unmarshal deployment: unexpected end of JSON input", "local: "),
        ("error: incorrect passphrase", "local: "),
    ],
)
def test_a_state_that_cannot_be_read_is_kept(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str], message: str, sentence: str
) -> None:
    answer_export(programs, message)
    assert lifecycle.take_down(stack_file) == 1
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.endswith(" Nothing was removed.\n")
    assert (state.folder / "passphrase").is_file()


def test_the_folder_is_kept_while_containers_of_the_stack_are_left(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_export(programs, "error: no stack named 'local' found")
    program(programs, "docker", "echo local-entry-proxy-1a2b3c4; echo local-cache-server-1a2b3c4")
    assert lifecycle.take_down(stack_file) == 1
    assert capsys.readouterr().err == (
        "2 containers of the stack local are on this host, and the state in .local does not have them: "
        "local-entry-proxy-1a2b3c4 and others. Remove them with `docker rm --force $(docker ps --all --quiet --filter "
        "label=project=agent-platform --filter label=stack=local)`, and run make down again.\n"
    )
    program(programs, "docker", "exit 1")
    assert lifecycle.take_down(stack_file) == 1
    assert capsys.readouterr().err.startswith("Docker does not list its containers, so .local is kept.")
    assert (state.folder / "passphrase").is_file()


def test_a_lost_passphrase_is_reported_and_no_other_one_is_written(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks = state.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "local.json").write_text("{}", encoding="utf-8")
    (state.folder / "passphrase").unlink()
    for run in (lambda: lifecycle.take_down(stack_file), lambda: lifecycle.bring_up(stack_file)):
        assert run() == 1
        assert capsys.readouterr().err.startswith(
            "local: .local/passphrase is missing, and without it the secrets of local cannot be decrypted. Restore the file"
        )
    assert not (state.folder / "passphrase").exists()


def test_a_stack_that_does_not_exist_is_removed_with_its_folder(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_export(programs, "error: no stack named 'local' found")
    assert lifecycle.take_down(stack_file) == 0
    assert capsys.readouterr().out == "Removed the stack, its images and the folder .local.\n"
    assert not state.folder.exists()


def test_the_state_of_other_stacks_is_kept(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks = state.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "mine.json").write_text("{}", encoding="utf-8")
    answer_export(programs, "error: no stack named 'local' found")
    assert lifecycle.take_down(stack_file) == 0
    assert "; .local is kept, as it has the state of mine." in capsys.readouterr().out
    assert (state.folder / "passphrase").is_file()
    assert not state.authority("local").exists()


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_an_engine_the_error_is_one_sentence_with_a_fix(
    stack_file: Path, state: LocalState, programs: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (programs / "pulumi").unlink()
    run = lifecycle.take_down(stack_file) if command == "down" else lifecycle.bring_up(stack_file)
    assert run == 1
    assert capsys.readouterr().err.startswith(
        "the Pulumi CLI is not installed. Run `agent-platform doctor STACK`, which lists what is missing"
    )


def test_the_engine_of_the_environment_is_found(stack_file: Path, state: LocalState, programs: Path) -> None:
    """`agent-platform engine install` puts the CLI there, and not on PATH."""
    (programs / "pulumi").unlink()
    own = Path(sys.prefix) / "pulumi" / "bin"
    own.mkdir(parents=True)
    program(
        own,
        "pulumi",
        'case "$1" in version) echo v3.274.1;; *) echo "no stack named \'local\' found" >&2; exit 1;; esac',
    )
    program(own, "pulumi-language-python", "")
    assert lifecycle.take_down(stack_file) == 0


def test_without_docker_the_error_is_one_sentence_with_a_fix(
    stack_file: Path,
    state: LocalState,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (programs / "docker").unlink()
    monkeypatch.setenv("PATH", str(programs))
    assert lifecycle.take_down(stack_file) == 1
    assert capsys.readouterr().err.startswith("docker is not on PATH. Install Docker Engine")


def test_a_file_that_is_no_stack_file_is_refused(stack_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, problem in (("other.yaml", "does not exist"), ("__main__.py", "is no stack file")):
        for run in (lifecycle.bring_up, lifecycle.take_down):
            assert run(stack_file.with_name(name)) == 2
            expected = f"STACK_FILE: {stack_file.with_name(name)} {problem}. Name a file Pulumi.<stack>.yaml.\n"
            assert capsys.readouterr().err == expected


def test_without_the_folder_nothing_is_removed(stack_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lifecycle.take_down(stack_file) == 0
    assert capsys.readouterr().out == "Nothing to remove: the folder .local does not exist.\n"
