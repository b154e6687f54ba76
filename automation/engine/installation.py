"""Installation of the Pulumi CLI: the project's own environment first, then PATH.

`agent-platform engine install` installs the CLI into the environment, so that a project keeps its version whatever else
the machine has. The installer is Pulumi's script, fetched over HTTPS by the SDK. The SDK sets no timeout for that, so
one is set here; a failure is reported as one sentence, because the script's output may be a page of HTML.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from pulumi.automation import InvalidVersionError, PulumiCommand
from semver import VersionInfo  # a dependency of the SDK, which uses it for versions

from automation.processes import run_command
from automation.stack.folder import project_folder

CLI_FOLDER = "pulumi"
"""Folder of an environment that contains the CLI as `bin/pulumi`."""
PROGRAM = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"
MIN_VERSION = "3.1.0"
"""Oldest CLI that the SDK supports: `pulumi.automation`, minimum version."""
VERSION_TIMEOUT_SECONDS = 20.0
INSTALL = "run `agent-platform engine install`"
WORKS_WITHOUT_CLI = "`plan`, `config` and the tests work without it"
INSTALLER_HOST = "get.pulumi.com"
INSTALLER_TIMEOUT_SECONDS = 15.0
"""Maximum wait for the next byte from the installer's host."""
Installer = Callable[[str, VersionInfo], object]


class EngineMissing(Exception):
    """No CLI is installed, or it does not respond."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem, self.fix = problem, fix
        super().__init__(f"{problem[:1].upper()}{problem[1:]}. {fix[:1].upper()}{fix[1:]}.")


class EngineLocation(PulumiCommand):
    """Pulumi CLI at a path, as the workspaces of the SDK accept it."""

    def __init__(self, program: Path, version_text: str) -> None:
        # The SDK's constructor only supports `<root>/bin` and the PATH of this process; the CLI may be elsewhere, and a
        # caller may pass another PATH. The doctor checks whether the version is supported.
        self.command = str(program)
        self.version = VersionInfo.parse(version_text.removeprefix("v"))


def engine_command(folder: Path, environment: Mapping[str, str] | None = None) -> EngineLocation:
    """Return the CLI for a project folder and an environment (default: that of this process); raises EngineMissing."""
    variables = os.environ if environment is None else environment
    program = engine_program(folder, variables)
    if program is None:
        raise EngineMissing(f"the Pulumi CLI is not installed ({WORKS_WITHOUT_CLI})", INSTALL)
    quiet = {**variables, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    completed = run_command([str(program), "version"], folder, quiet, VERSION_TIMEOUT_SECONDS)
    try:
        return EngineLocation(program, completed.stdout.strip())
    except ValueError:
        raise EngineMissing(f"the Pulumi CLI at {program} does not print its version", INSTALL) from None


def engine_program(folder: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the path of the CLI; None when it is not installed."""
    candidates = (home / "bin" / PROGRAM for home in engine_homes(folder))
    own = next((path for path in candidates if os.access(path, os.X_OK)), None)
    on_path = shutil.which(PROGRAM, path=environment.get("PATH", ""))
    return own or (Path(on_path) if on_path else None)


def engine_homes(folder: Path) -> tuple[Path, ...]:
    """Return the folders of the CLI in the project's environment and in the environment of this process."""
    return tuple(dict.fromkeys((folder / ".venv" / CLI_FOLDER, Path(sys.prefix) / CLI_FOLDER)))


def language_host(engine: EngineLocation, environment: Mapping[str, str]) -> str | None:
    """Return the path of the Python language host: in the folder of the CLI, behind its link, or on PATH."""
    folders = (os.path.dirname(engine.command), os.path.dirname(os.path.realpath(engine.command)))
    return shutil.which(LANGUAGE_HOST, path=os.pathsep.join((*folders, environment.get("PATH", ""))))


def sdk_version() -> str:
    """Return the version of the installed SDK, for example 3.272.0."""
    return version("pulumi")


def install_engine(
    folder: Path | None = None, cli_version: str | None = None, installer: Installer | None = None
) -> EngineLocation:
    """Install the CLI (default: the version of the SDK) for a project folder; raises EngineMissing."""
    project = project_folder(folder)
    requested = VersionInfo.parse(cli_version or sdk_version())
    home = install_home(project)
    try:
        with _socket_timeout():
            (installer or _install)(str(home), requested)
    except (OSError, subprocess.SubprocessError, InvalidVersionError) as error:
        cause, fix = _failure(home, error)
        problem = f"cannot install the Pulumi CLI {requested}: {cause} ({WORKS_WITHOUT_CLI})"
        raise EngineMissing(problem, fix) from error
    return engine_command(project)


def install_home(folder: Path) -> Path:
    """Return the folder for the CLI in the project's environment, or in that of this process when there is none."""
    own = folder / ".venv"
    return (own if (own / "pyvenv.cfg").is_file() else Path(sys.prefix)) / CLI_FOLDER


def _install(root: str, requested: VersionInfo) -> object:
    return PulumiCommand.install(root=root, version=requested)


@contextmanager
def _socket_timeout() -> Generator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(INSTALLER_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _failure(home: Path, error: Exception) -> tuple[str, str]:
    if isinstance(error, PermissionError):
        return f"{home} is not writable", "run it as the owner of the environment"
    if isinstance(error, subprocess.SubprocessError):
        return "its installer failed", "check that the version exists and that `curl` and `tar` are installed"
    if isinstance(error, InvalidVersionError):
        return "the installer returned another version", "use a version with the major version of the SDK"
    return f"cannot reach {INSTALLER_HOST}", "run it on a machine with access to that host, or put the CLI on PATH"
