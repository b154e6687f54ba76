"""`make up` and `make down`: their project folder, image builds and error messages."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from automation.local import lifecycle
from automation.local.project import LocalProject
from automation.stack.document import read_stack
from tests.planning import ROOT


@pytest.fixture
def project(tmp_path: Path) -> LocalProject:
    """Project in a copy of the repository that has only the program and its stack file."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return LocalProject(tmp_path)


def test_the_project_has_the_stack_file_unchanged(project: LocalProject) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    assert read_stack(project.folder, "local").spec == read_stack(ROOT, "local").spec
    assert (project.root / "Pulumi.local.yaml").read_text() == (ROOT / "Pulumi.local.yaml").read_text()
    assert project.environment["PULUMI_BACKEND_URL"] == f"file://{project.folder}/state"


def test_only_this_user_can_read_the_secrets(project: LocalProject) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    project.write_secret(project.dashboard_password, "a password")
    for path in (project.folder / "passphrase", project.dashboard_password):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_run_keeps_passphrase_and_salt_and_updates_the_stack_file(project: LocalProject) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    own_stack_file, passphrase = project.folder / "Pulumi.local.yaml", (project.folder / "passphrase").read_text()
    own_stack_file.write_text(f"{own_stack_file.read_text()}encryptionsalt: v1:abc\n")
    changed = (project.root / "Pulumi.local.yaml").read_text().replace("entry_port: 8443", "entry_port: 9443")
    (project.root / "Pulumi.local.yaml").write_text(changed)
    project.prepare(project.root / "Pulumi.local.yaml")
    document = yaml.safe_load(own_stack_file.read_text())
    assert document["encryptionsalt"] == "v1:abc"
    assert document["config"]["agent-platform:platform"]["docker"]["entry_port"] == 9443
    assert (project.folder / "passphrase").read_text() == passphrase


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


def test_an_edit_gives_the_image_another_name(project: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    (project.root / "examples").symlink_to(ROOT / "examples")
    calls: list[tuple[str, ...]] = []

    def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 0, f"sha256:{'1a2b3c4d' * 8}\n", "")

    monkeypatch.setattr(lifecycle, "docker", docker)
    monkeypatch.setenv("BASE_IMAGE", "debian-with-python:1")
    assert lifecycle.build_images(project, read_stack(project.folder, "local").spec) == ""
    built = {name: f"{name}:1.0" for name in ("gateway", "tools", "worker", "page")}
    builds = [arguments for arguments in calls if arguments[0] == "build"]
    assert {arguments[arguments.index("--tag") + 1] for arguments in builds} == set(built.values())
    assert all("BASE_IMAGE=debian-with-python:1" in arguments for arguments in builds)
    tagged = {name: f"{image}-1a2b3c4d1a2b" for name, image in built.items()}
    assert {
        name: service.image for name, service in read_stack(project.folder, "local").spec.services.items()
    } == tagged
    assert set(project.built_images) == {*built.values(), *tagged.values()}
    assert read_stack(project.root, "local").spec.services["gateway"].image == "gateway:1.0"


def test_services_get_the_architecture_of_the_daemon(project: LocalProject, programs: Path) -> None:
    program(programs, "docker", "echo arm64")
    project.prepare(project.root / "Pulumi.local.yaml")
    project.set_values({"services.tools.architecture": "amd64"})
    lifecycle.set_architecture(project)
    services = read_stack(project.folder, "local").spec.services
    assert {name: service.architecture for name, service in services.items()} == {
        "gateway": "arm64",
        "tools": "amd64",
        "worker": "arm64",
        "page": "arm64",
    }


def test_a_daemon_that_does_not_answer_is_reported_before_images_are_built(
    project: LocalProject, programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(programs, "docker", "exit 1")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{project.root}/docker.sock")
    assert lifecycle.bring_up(project, project.root / "Pulumi.local.yaml") == 1
    output = capsys.readouterr()
    assert output.err.startswith("DOCKER_HOST: no Docker daemon answers at unix://")
    assert "building" not in output.out


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("error: could not unmarshal deployment: unexpected end of JSON input", "local: "),
        ("error: incorrect passphrase", "local: "),
    ],
)
def test_a_state_that_cannot_be_read_is_kept(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str], message: str, sentence: str
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    answer_export(programs, message)
    assert lifecycle.take_down(project) == 1
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.endswith(" Nothing was removed.\n")
    assert (project.folder / "passphrase").is_file()


def test_the_folder_is_kept_while_containers_of_the_stack_are_left(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    answer_export(programs, "error: no stack named 'local' found")
    program(programs, "docker", "echo local-entry-proxy-1a2b3c4; echo local-cache-server-1a2b3c4")
    assert lifecycle.take_down(project) == 1
    assert capsys.readouterr().err == (
        "2 containers of the stack local are on this host, and the state in .local does not have them: "
        "local-entry-proxy-1a2b3c4 and others. Remove them with `docker rm --force $(docker ps --all --quiet --filter "
        "label=project=agent-platform --filter label=stack=local)`, and run make down again.\n"
    )
    program(programs, "docker", "exit 1")
    assert lifecycle.take_down(project) == 1
    assert capsys.readouterr().err.startswith("Docker does not list its containers, so .local is kept.")
    assert (project.folder / "passphrase").is_file()


def test_a_lost_passphrase_is_reported_and_no_other_one_is_written(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    stacks = project.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "local.json").write_text("{}", encoding="utf-8")
    (project.folder / "passphrase").unlink()
    for run in (lambda: lifecycle.take_down(project), lambda: lifecycle.bring_up(project, Path("Pulumi.local.yaml"))):
        assert run() == 1
        assert capsys.readouterr().err.startswith(
            ".local/passphrase is missing, and without it the state cannot be read."
        )
    assert not (project.folder / "passphrase").exists()


def test_a_stack_that_does_not_exist_is_removed_with_its_folder(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    answer_export(programs, "error: no stack named 'local' found")
    assert lifecycle.take_down(project) == 0
    assert capsys.readouterr().out == "Removed the stack, its images and the folder .local.\n"
    assert not project.folder.exists()


def test_the_state_of_other_stacks_is_kept(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    stacks = project.folder / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / "mine.json").write_text("{}", encoding="utf-8")
    answer_export(programs, "error: no stack named 'local' found")
    assert lifecycle.take_down(project) == 0
    assert "; .local is kept, as it has the state of mine." in capsys.readouterr().out
    assert (project.folder / "passphrase").is_file()
    assert not project.stack_file.exists()


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_an_engine_the_error_is_one_sentence_with_a_fix(
    project: LocalProject, programs: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    (programs / "pulumi").unlink()
    run = lifecycle.take_down(project) if command == "down" else lifecycle.bring_up(project, Path("Pulumi.local.yaml"))
    assert run == 1
    assert capsys.readouterr().err == (
        "The Pulumi CLI is not installed (`plan`, `config` and the tests work without it). Run `agent-platform engine "
        "install`.\n"
    )


def test_the_engine_of_the_environment_is_found(project: LocalProject, programs: Path) -> None:
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
    project.prepare(project.root / "Pulumi.local.yaml")
    assert lifecycle.take_down(project) == 0


def test_without_docker_the_error_is_one_sentence_with_a_fix(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project.root))
    assert lifecycle.bring_up(project, project.root / "Pulumi.local.yaml") == 1
    assert capsys.readouterr().err.startswith("docker is not on PATH. Install Docker Engine")


def test_without_the_folder_nothing_is_removed(project: LocalProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert lifecycle.take_down(project) == 0
    assert capsys.readouterr().out == "Nothing to remove: the folder .local does not exist.\n"
