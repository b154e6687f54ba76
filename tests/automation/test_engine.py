"""Installation of the CLI, and commands with a time limit."""

import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest
from semver import VersionInfo

from automation.engine import EngineMissing, engine_command, install_engine
from automation.engine.installation import MIN_VERSION, Installer, engine_homes, language_host, sdk_version
from automation.processes import run_command


def fake_program(folder: Path, version: str = "v3.272.0", name: str = "pulumi") -> Path:
    """Write a program that prints a version, like the CLI."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def path_variable(*folders: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join([*(str(folder) for folder in folders), "/usr/bin", "/bin"])}


def test_the_cli_of_the_project_takes_precedence_over_path(tmp_path: Path) -> None:
    on_path = fake_program(tmp_path / "elsewhere", "v3.1.0")
    assert engine_command(tmp_path, path_variable(on_path.parent)).command == str(on_path)
    own = fake_program(tmp_path / ".venv" / "pulumi" / "bin")
    location = engine_command(tmp_path, path_variable(on_path.parent))
    assert (location.command, str(location.version)) == (str(own), "3.272.0")


def test_a_missing_cli_is_reported_with_what_works_without_it(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing) as raised:
        engine_command(tmp_path, {"PATH": str(tmp_path)})
    assert str(raised.value) == (
        "The Pulumi CLI is not installed (`plan`, `config` and the tests work without it). "
        "Run `agent-platform engine install`."
    )
    assert raised.value.fix == "run `agent-platform engine install`"


def test_a_cli_that_prints_no_version_is_reported(tmp_path: Path) -> None:
    broken = fake_program(tmp_path / "bin", "what")
    with pytest.raises(EngineMissing, match="does not print its version"):
        engine_command(tmp_path, path_variable(broken.parent))


def test_the_language_host_is_in_the_folder_of_the_cli_or_behind_its_link(tmp_path: Path) -> None:
    real = fake_program(tmp_path / "real")
    host = fake_program(tmp_path / "real", name="pulumi-language-python")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(real)
    linked = engine_command(tmp_path, path_variable(tmp_path / "bin"))
    assert language_host(linked, {"PATH": ""}) == str(host)
    without_host = engine_command(tmp_path, path_variable(fake_program(tmp_path / "alone").parent))
    assert language_host(without_host, {"PATH": ""}) is None


def test_the_minimum_version_is_that_of_the_sdk() -> None:
    from pulumi.automation import _minimum_version  # not public in the SDK

    minimum = _minimum_version._MINIMUM_VERSION  # noqa: SLF001
    assert VersionInfo.parse(MIN_VERSION) == minimum


def test_the_cli_is_installed_into_the_environment_of_the_project_in_the_version_of_the_sdk(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    calls: list[tuple[str, str]] = []

    def installer(root: str, version: VersionInfo) -> None:
        calls.append((root, str(version)))
        fake_program(Path(root) / "bin", f"v{version}")

    installed = install_engine(tmp_path, installer=installer)
    assert calls == [(str(tmp_path / ".venv" / "pulumi"), sdk_version())]
    assert installed.command == engine_command(tmp_path, {"PATH": ""}).command


def test_without_an_environment_in_the_project_the_running_one_receives_the_cli(tmp_path: Path) -> None:
    assert engine_homes(tmp_path)[-1] == Path(sys.prefix) / "pulumi"
    with pytest.raises(EngineMissing, match="Cannot install the Pulumi CLI"):
        install_engine(tmp_path, installer=failing_installer(urllib.error.URLError("no such host")))


def failing_installer(error: Exception) -> Installer:
    def installer(_root: str, _version: VersionInfo) -> None:
        raise error

    return installer


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (urllib.error.URLError("no such host"), "cannot reach get.pulumi.com"),
        (TimeoutError(), "cannot reach get.pulumi.com"),
        (PermissionError(13, "no"), "is not writable"),
        (subprocess.CalledProcessError(1, "install.sh", b"<html>token=hunter2"), "its installer failed"),
    ],
)
def test_a_failed_installation_is_reported_with_its_cause_and_what_works_without_it(
    tmp_path: Path, error: Exception, cause: str
) -> None:
    with pytest.raises(EngineMissing) as raised:
        install_engine(tmp_path, installer=failing_installer(error))
    assert cause in raised.value.problem
    assert raised.value.problem.endswith("(`plan`, `config` and the tests work without it)")
    assert raised.value.fix
    assert "hunter2" not in str(raised.value)


def test_a_command_that_times_out_is_killed_with_every_process_that_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    script = f"(sleep 2; touch {mark}) & sleep 60"
    began = time.monotonic()
    completed = run_command(["/bin/sh", "-c", script], tmp_path, dict(os.environ), 0.2)
    assert completed.exit_code is None
    assert time.monotonic() - began < 2
    time.sleep(2.3)
    assert not mark.exists()


def test_a_command_that_cannot_be_started_has_no_exit_code(tmp_path: Path) -> None:
    assert run_command([str(tmp_path / "nothing")], tmp_path, {}, 1).exit_code is None
