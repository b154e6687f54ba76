"""`make up` and `make down`: the folder that they keep, and what they say where they cannot begin."""

import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from automation.local import images as building
from automation.local import lifecycle as bringing
from automation.local.folder import LocalFolder
from automation.stack.document import read_stack
from tests.planning import ROOT


@pytest.fixture
def local(tmp_path: Path) -> LocalFolder:
    """A folder in a project that has nothing but its files."""
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return LocalFolder(tmp_path)


def test_it_is_a_project_of_its_own_with_the_stack_file_as_it_is(local: LocalFolder) -> None:
    local.lay(local.home / "Pulumi.local.yaml")
    assert read_stack(local.path, "local").spec == read_stack(ROOT, "local").spec
    assert (local.home / "Pulumi.local.yaml").read_text() == (ROOT / "Pulumi.local.yaml").read_text()
    assert local.environment["PULUMI_BACKEND_URL"] == f"file://{local.path}/state"


def test_its_secrets_are_read_by_this_user_alone(local: LocalFolder) -> None:
    local.lay(local.home / "Pulumi.local.yaml")
    local.keep(local.dashboard_password, "a password")
    for path in (local.path / "passphrase", local.dashboard_password):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_time_passphrase_and_salt_stay_and_the_stack_file_is_taken_anew(local: LocalFolder) -> None:
    local.lay(local.home / "Pulumi.local.yaml")
    laid, passphrase = local.path / "Pulumi.local.yaml", (local.path / "passphrase").read_text()
    laid.write_text(f"{laid.read_text()}encryptionsalt: v1:abc\n")
    changed = (local.home / "Pulumi.local.yaml").read_text().replace("entry_port: 8443", "entry_port: 9443")
    (local.home / "Pulumi.local.yaml").write_text(changed)
    local.lay(local.home / "Pulumi.local.yaml")
    document = yaml.safe_load(laid.read_text())
    assert document["encryptionsalt"] == "v1:abc"
    assert document["config"]["agent-platform:platform"]["docker"]["entry_port"] == 9443
    assert (local.path / "passphrase").read_text() == passphrase


def test_only_images_that_are_missing_are_built_and_listed(local: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    local.lay(local.home / "Pulumi.local.yaml")
    (local.home / "examples").symlink_to(ROOT / "examples")
    asked: list[tuple[str, ...]] = []

    def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        there = arguments[:2] != ("image", "inspect") or arguments[2] == "tools:1.0"
        return subprocess.CompletedProcess(arguments, 0 if there else 1, "", "")

    monkeypatch.setattr(building, "docker", docker)
    monkeypatch.setenv("BASE_IMAGE", "debian-with-python:1")
    assert building.build_images(local, read_stack(local.path, "local").spec) == ""
    built = [arguments for arguments in asked if arguments[0] == "build"]
    assert local.built == ["gateway:1.0", "page:1.0", "worker:1.0"]
    assert [arguments[arguments.index("--tag") + 1] for arguments in built] == local.built
    assert all("BASE_IMAGE=debian-with-python:1" in arguments for arguments in built)


def test_without_docker_one_sentence(
    local: LocalFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(local.home))
    assert bringing.bring_up(local, local.home / "Pulumi.local.yaml") == 1
    assert capsys.readouterr().err.startswith("docker is not on PATH; install Docker Engine")


def test_nothing_stands_nothing_is_removed(local: LocalFolder, capsys: pytest.CaptureFixture[str]) -> None:
    assert bringing.take_down(local) == 0
    assert capsys.readouterr().out == "Nothing stands: there is no folder .local.\n"
