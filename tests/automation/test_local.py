"""`make up` and `make down`: what they remove, and their error messages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import automation.local.__main__ as local_command
from automation.local import lifecycle
from automation.local.state import LocalState
from tests.docker.fake_daemon import FakeDaemon, fake_daemon
from tests.docker.test_stack_objects import LISTS
from tests.planning import ROOT

CONTAINERS, _, VOLUMES = LISTS
LABELS = {"project": "agent-platform", "stack": "local"}


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


@pytest.fixture
def answers() -> dict[str, object]:
    """Answers of the Docker daemon, which has no object of the stack."""
    return {}


@pytest.fixture(autouse=True)
def daemon(answers: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """Docker daemon of this machine."""
    with fake_daemon(answers) as running:
        monkeypatch.setenv("DOCKER_HOST", running.environment["DOCKER_HOST"])
        yield running


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
    assert lifecycle.bring_up(stack_file) == 2
    output = capsys.readouterr()
    assert "no Docker daemon answers at " in output.err
    assert output.err.endswith("or set DOCKER_HOST to the address of a running daemon.\n")
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
    assert error.endswith(" The folder .local is kept.\n")
    assert (state.folder / "passphrase").is_file()


def test_the_folder_is_kept_while_containers_of_the_stack_are_left(
    stack_file: Path,
    state: LocalState,
    programs: Path,
    answers: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer_export(programs, "error: no stack named 'local' found")
    answers[CONTAINERS] = [{"Id": "c1", "Names": ["/local-entry-proxy-1a2b3c4"], "Labels": LABELS}]
    assert lifecycle.take_down(stack_file) == 1
    assert capsys.readouterr().err == (
        "local: the state has nothing to delete, and this host has containers of the stack: local-entry-proxy-1a2b3c4. Run "
        "`agent-platform destroy local --force-by-label`, which removes them without the state, or log in to the backend "
        "that has the stack. The folder .local is kept.\n"
    )
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    assert lifecycle.take_down(stack_file) == 1
    assert "the host does not list the objects of the stack: the socket does not exist" in capsys.readouterr().err
    assert (state.folder / "passphrase").is_file()


def test_what_another_checkout_runs_is_no_reason_to_keep_the_folder_and_is_not_removed(
    stack_file: Path, state: LocalState, programs: Path, answers: dict[str, object], daemon: FakeDaemon
) -> None:
    answer_export(programs, "error: no stack named 'local' found")
    others = {**LABELS, "checkout": "/srv/other"}
    answers[CONTAINERS] = [{"Id": "c1", "Names": ["/local-entry-proxy-1a2b3c4"], "Labels": others}]
    answers[VOLUMES] = {"Volumes": [{"Name": "v1", "Labels": others}]}
    assert lifecycle.take_down(stack_file, by_label=True, volumes=True) == 0
    assert (daemon.commands, state.folder.exists()) == ([], False)


def test_the_folder_is_kept_while_volumes_of_the_stack_are_left(
    stack_file: Path,
    state: LocalState,
    programs: Path,
    answers: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer_export(programs, "error: no stack named 'local' found")
    answers[VOLUMES] = {"Volumes": [{"Name": "local-database-data-1a2b3c4", "Labels": LABELS}]}
    assert lifecycle.take_down(stack_file) == 0
    assert capsys.readouterr().out == (
        "Removed the containers, the networks and the images of the stack. Its volumes are kept, and the folder .local with "
        "their keys; `make down ARGS=--volumes` removes them too.\n"
    )
    assert (state.folder / "passphrase").is_file()


def test_everything_is_removed_by_its_labels_when_the_passphrase_is_lost(
    stack_file: Path, state: LocalState, programs: Path, answers: dict[str, object], daemon: FakeDaemon
) -> None:
    stacks = state.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "local.json").write_text("{}", encoding="utf-8")
    state.passphrase.unlink()
    text = stack_file.read_text(encoding="utf-8")
    stack_file.write_text(f"{text}encryptionsalt: v1:abc\n", encoding="utf-8")
    answers[CONTAINERS] = [{"Id": "c1", "Names": ["/local-entry-proxy-1a2b3c4"], "Labels": LABELS}]
    answers[VOLUMES] = {"Volumes": [{"Name": "v1", "Labels": LABELS}]}
    daemon.on_delete = lambda path: answers.pop(CONTAINERS if path.startswith("/containers") else VOLUMES)
    assert lifecycle.take_down(stack_file, by_label=True) == 0
    assert daemon.commands == ["DELETE /containers/c1?force=1&v=1"]
    assert list(state.folder.glob("state-without-passphrase-*"))
    assert stack_file.read_text(encoding="utf-8") == text
    assert lifecycle.take_down(stack_file, by_label=True, volumes=True) == 0
    assert daemon.commands[1:] == ["DELETE /volumes/v1"]
    assert not state.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["down"], {"volumes": False, "by_label": False}),
        (["down", "Pulumi.here.yaml", "--volumes"], {"volumes": True, "by_label": False}),
        (["down", "--force-by-label", "--volumes"], {"volumes": True, "by_label": True}),
    ],
)
def test_the_options_of_make_down_are_passed_on(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: dict[str, bool]
) -> None:
    calls: list[dict[str, bool]] = []

    def take_down(_path: Path, **options: bool) -> int:
        calls.append(options)
        return 0

    monkeypatch.setattr(local_command, "take_down", take_down)
    assert local_command.main(arguments) == 0
    assert calls == [expected]


def test_unknown_options_are_refused_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["down", "--all"], ["up", "--volumes"], ["restart"]):
        assert local_command.main(arguments) == 2
        assert capsys.readouterr().err.startswith("usage: python -m automation.local up")


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
