"""State of Docker stacks in the project's folder: when commands use it, and what the engine is passed."""

import json
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.deploy import Deployment
from automation.local.state import AUTHORITY_TYPE, LocalState, local_state, write_authority
from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from automation.stack.yaml_reader import dump
from components.configuration import PLATFORM_KEY
from components.validation.parse import parse
from providers.contract.cli import DeployedResource, DeployedStack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with the stack files `mine` on Docker and `prod` on AWS."""
    for stack, cloud in (("mine", "docker"), ("prod", "aws")):
        document = {"config": {PLATFORM_KEY: with_values(BASE, {"cloud": cloud})}}
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(dump(document), encoding="utf-8")
    return tmp_path


def login(home: Path) -> Mapping[str, str]:
    """Environment of a user who is logged in to a backend."""
    (home / ".pulumi").mkdir()
    credentials = {"current": "s3://acme-state"}
    (home / ".pulumi" / "credentials.json").write_text(json.dumps(credentials), encoding="utf-8")
    return {"HOME": str(home)}


def add_stack(folder: Path, name: str) -> None:
    stacks = folder / ".local" / "state" / ".pulumi" / "stacks" / "agent-platform"
    stacks.mkdir(parents=True)
    (stacks / f"{name}.json").write_text("{}", encoding="utf-8")


def test_a_docker_stack_has_its_state_beside_its_file(folder: Path) -> None:
    assert local_state(folder, "mine", "mine", {"HOME": str(folder)}) == LocalState(folder)


def test_a_stack_of_a_cloud_has_no_state_on_this_machine(folder: Path) -> None:
    assert local_state(folder, "prod", "prod", {"HOME": str(folder)}) is None
    assert local_state(folder, "missing", "missing", {"HOME": str(folder)}) is None


def test_another_backend_is_used_where_one_is_named(folder: Path) -> None:
    variables = {"HOME": str(folder), "PULUMI_BACKEND_URL": "s3://acme-state"}
    assert local_state(folder, "mine", "mine", variables) is None
    assert local_state(folder, "mine", "mine", login(folder)) is None
    (folder / ".pulumi" / "credentials.json").write_text("{}", encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: agent-platform\nbackend: {url: s3://acme-state}\n", encoding="utf-8")
    assert local_state(folder, "mine", "mine", {"HOME": str(folder)}) is None


def test_a_stack_that_exists_on_this_machine_is_found_despite_a_login(folder: Path) -> None:
    """`make up` uses this state whatever else is set, and the other commands must find the same stack."""
    add_stack(folder, "mine")
    assert local_state(folder, "mine", "mine", login(folder)) == LocalState(folder)


def test_the_folder_has_a_passphrase_that_only_this_user_can_read(folder: Path) -> None:
    state = LocalState(folder)
    state.create()
    passphrase = state.passphrase.read_text(encoding="utf-8")
    assert stat.S_IMODE(state.passphrase.stat().st_mode) == 0o600
    assert (state.folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    state.create()
    assert state.passphrase.read_text(encoding="utf-8") == passphrase
    assert state.environment({}) == {
        "PULUMI_BACKEND_URL": f"file://{folder}/.local/state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": f"{folder}/.local/passphrase",
    }


def test_a_passphrase_for_other_stacks_does_not_replace_that_of_the_folder(folder: Path) -> None:
    state = LocalState(folder)
    state.create()
    variables = state.environment({"PULUMI_CONFIG_PASSPHRASE": "of the clouds"})
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == state.passphrase.read_text(encoding="utf-8")


def test_a_lost_passphrase_is_not_replaced(folder: Path) -> None:
    add_stack(folder, "mine")
    state = LocalState(folder)
    assert state.is_locked_out
    state.create()
    assert not state.passphrase.exists()


def test_a_deployment_passes_the_state_to_the_engine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    programs = home / "bin"
    programs.mkdir()
    for name in ("pulumi", "pulumi-language-python"):
        (programs / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (folder / "__main__.py").touch()
    (folder / "Pulumi.yaml").write_text("name: agent-platform\nruntime: python\n", encoding="utf-8")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    deployment = Deployment("mine", folder)
    assert not (folder / ".local").exists()
    assert deployment.engine.workspace.env_vars["PULUMI_BACKEND_URL"] == f"file://{folder}/.local/state"
    assert (folder / ".local" / "passphrase").is_file()
    assert Deployment("prod", folder).local_state is None


def test_the_authority_of_the_entry_is_written_beside_the_state(folder: Path) -> None:
    spec = parse(with_values(BASE, {"cloud": "docker", "services.web.path": "/"}), "mine")
    certificate = DeployedResource("mine-keys-authority-certificate", AUTHORITY_TYPE, "1", {"certPem": "PEM"})
    assert write_authority(folder, DeployedStack("mine", spec, (certificate,))) == (
        "the entry's certificate is signed by the stack's own authority: curl --cacert .local/mine-ca.pem "
        "https://localhost:8443"
    )
    assert (folder / ".local" / "mine-ca.pem").read_text(encoding="utf-8") == "PEM"
    assert write_authority(folder, DeployedStack("mine", spec)) == ""


def test_the_exports_for_plain_pulumi_paste_into_a_shell(tmp_path: Path) -> None:
    state = LocalState(tmp_path / "a folder with $HOME; and 'quotes'")
    script = "\n".join((*state.exports, 'printf "%s\\n" "$PULUMI_BACKEND_URL" "$PULUMI_CONFIG_PASSPHRASE_FILE"'))
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == [f"file://{state.folder / 'state'}", str(state.passphrase)]


def test_a_lock_is_detected_without_the_engine(tmp_path: Path) -> None:
    state = LocalState(tmp_path)
    assert not state.may_be_locked("local")
    lock = state.folder / "state" / ".pulumi" / "locks" / "organization" / "agent-platform" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert (state.may_be_locked("local"), state.may_be_locked("other")) == (True, False)
