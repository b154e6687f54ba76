"""`make up` and `make down`: their project folder, image builds and error messages."""

import stat
import subprocess
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


def test_only_missing_images_are_built_and_recorded(project: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.prepare(project.root / "Pulumi.local.yaml")
    (project.root / "examples").symlink_to(ROOT / "examples")
    calls: list[tuple[str, ...]] = []

    def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
        calls.append(arguments)
        succeeds = arguments[:2] != ("image", "inspect") or arguments[2] == "tools:1.0"
        return subprocess.CompletedProcess(arguments, 0 if succeeds else 1, "", "")

    monkeypatch.setattr(lifecycle, "docker", docker)
    monkeypatch.setenv("BASE_IMAGE", "debian-with-python:1")
    assert lifecycle.build_images(project, read_stack(project.folder, "local").spec) == ""
    builds = [arguments for arguments in calls if arguments[0] == "build"]
    assert project.built_images == ["gateway:1.0", "page:1.0", "worker:1.0"]
    assert [arguments[arguments.index("--tag") + 1] for arguments in builds] == project.built_images
    assert all("BASE_IMAGE=debian-with-python:1" in arguments for arguments in builds)


def test_without_docker_the_error_is_one_sentence_with_a_fix(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project.root))
    assert lifecycle.bring_up(project, project.root / "Pulumi.local.yaml") == 1
    assert capsys.readouterr().err.startswith("docker is not on PATH. Install Docker Engine")


def test_without_the_folder_nothing_is_removed(project: LocalProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert lifecycle.take_down(project) == 0
    assert capsys.readouterr().out == "Nothing to remove: the folder .local does not exist.\n"
