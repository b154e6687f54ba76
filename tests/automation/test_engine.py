"""Where the CLI is found, how it is installed, and that nothing a command started stays behind."""

import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest
from semver import VersionInfo

from automation.engine import EngineMissing, engine_command, install
from automation.engine.install import Installer
from automation.engine.locate import OLDEST, engine_homes, language_host, sdk_version
from automation.engine.run import run_limited


def cli(folder: Path, version: str = "v3.272.0", name: str = "pulumi") -> Path:
    """A program that tells a version, as the CLI does."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def path(*folders: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join([*(str(folder) for folder in folders), "/usr/bin", "/bin"])}


def test_the_projects_own_cli_comes_before_that_on_path(tmp_path: Path) -> None:
    elsewhere = cli(tmp_path / "elsewhere", "v3.1.0")
    assert engine_command(tmp_path, path(elsewhere.parent)).command == str(elsewhere)
    own = cli(tmp_path / ".venv" / "pulumi" / "bin")
    found = engine_command(tmp_path, path(elsewhere.parent))
    assert (found.command, str(found.version)) == (str(own), "3.272.0")


def test_without_a_cli_one_sentence_says_what_still_works(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing) as told:
        engine_command(tmp_path, {"PATH": str(tmp_path)})
    assert str(told.value) == (
        "The Pulumi CLI is not installed; run `agent-platform engine install` "
        "(`plan`, `config` and the tests work without it)."
    )


def test_a_cli_that_tells_no_version_is_one_sentence(tmp_path: Path) -> None:
    broken = cli(tmp_path / "bin", "what")
    with pytest.raises(EngineMissing, match="does not tell its version"):
        engine_command(tmp_path, path(broken.parent))


def test_the_language_host_stands_beside_the_cli_or_behind_its_link(tmp_path: Path) -> None:
    real = cli(tmp_path / "real")
    host = cli(tmp_path / "real", name="pulumi-language-python")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(real)
    linked = engine_command(tmp_path, path(tmp_path / "bin"))
    assert language_host(linked, {"PATH": ""}) == str(host)
    alone = engine_command(tmp_path, path(cli(tmp_path / "alone").parent))
    assert language_host(alone, {"PATH": ""}) is None


def test_the_oldest_cli_is_the_one_that_the_sdk_names() -> None:
    from pulumi.automation import _minimum_version  # pyright: ignore[reportPrivateUsage]  # the SDK tells it nowhere else

    assert VersionInfo.parse(OLDEST) == _minimum_version._MINIMUM_VERSION  # pyright: ignore[reportPrivateUsage]


def test_the_cli_is_installed_into_the_projects_environment_in_the_sdks_version(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    asked: list[tuple[str, str]] = []

    def installer(root: str, version: VersionInfo) -> None:
        asked.append((root, str(version)))
        cli(Path(root) / "bin", f"v{version}")

    installed = install(tmp_path, installer=installer)
    assert asked == [(str(tmp_path / ".venv" / "pulumi"), sdk_version())]
    assert installed.command == engine_command(tmp_path, {"PATH": ""}).command


def test_without_an_environment_of_its_own_the_running_one_takes_the_cli(tmp_path: Path) -> None:
    assert engine_homes(tmp_path)[-1] == Path(sys.prefix) / "pulumi"
    with pytest.raises(EngineMissing, match="could not be installed"):
        install(tmp_path, installer=failing(urllib.error.URLError("no such host")))


def failing(error: Exception) -> Installer:
    def installer(_root: str, _version: VersionInfo) -> None:
        raise error

    return installer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib.error.URLError("no such host"), "get.pulumi.com cannot be reached from here"),
        (TimeoutError(), "get.pulumi.com cannot be reached from here"),
        (PermissionError(13, "no"), "may not be written"),
        (subprocess.CalledProcessError(1, "install.sh", b"<html>token=hunter2"), "its installer failed"),
    ],
)
def test_an_install_that_fails_is_one_sentence_that_says_what_still_works(
    tmp_path: Path, error: Exception, words: str
) -> None:
    with pytest.raises(EngineMissing) as told:
        install(tmp_path, installer=failing(error))
    sentence = str(told.value)
    assert words in sentence
    assert sentence.endswith("(`plan`, `config` and the tests work without it).")
    assert "hunter2" not in sentence


def test_a_command_over_its_time_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    script = f"(sleep 2; touch {mark}) & sleep 60"
    began = time.monotonic()
    ran = run_limited(["/bin/sh", "-c", script], tmp_path, dict(os.environ), 0.2)
    assert ran.code is None
    assert time.monotonic() - began < 2
    time.sleep(2.3)
    assert not mark.exists()


def test_a_command_that_cannot_be_started_is_told_and_does_not_raise(tmp_path: Path) -> None:
    assert run_limited([str(tmp_path / "nothing")], tmp_path, {}, 1).code is None
