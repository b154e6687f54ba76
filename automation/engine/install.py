"""The Pulumi CLI by the SDK's own installer, into the project's environment.

The installer is Pulumi's script, fetched over HTTPS; the SDK sets no time limit to that, so one is set here. What goes
wrong is one sentence: the script's output may hold a whole page of HTML.
"""

import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from pulumi.automation import InvalidVersionError, PulumiCommand
from semver import VersionInfo

from automation.engine.locate import FOLDER, WITHOUT, EngineLocation, EngineMissing, engine_command, sdk_version

SOURCE = "get.pulumi.com"
SILENCE_SECONDS = 15.0
"""Longest wait for a byte from the installer's host."""
Installer = Callable[[str, VersionInfo], object]


def install(
    folder: Path | None = None, version: str | None = None, installer: Installer | None = None
) -> EngineLocation:
    """Install the CLI (default: the SDK's version) for a project folder, unless it is there; raises EngineMissing."""
    project = folder or Path.cwd()
    wanted = VersionInfo.parse(version or sdk_version())
    home = install_home(project)
    try:
        with _impatient():
            (installer or _install)(str(home), wanted)
    except (OSError, subprocess.SubprocessError, InvalidVersionError) as error:
        raise EngineMissing(_sentence(wanted, home, error)) from error
    return engine_command(project)


def install_home(folder: Path) -> Path:
    """The project's environment, or the one that runs this where the project has none."""
    own = folder / ".venv"
    return (own if (own / "pyvenv.cfg").is_file() else Path(sys.prefix)) / FOLDER


def _install(root: str, version: VersionInfo) -> object:
    return PulumiCommand.install(root=root, version=version)


@contextmanager
def _impatient() -> Generator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _sentence(version: VersionInfo, home: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        why = f"because {home} may not be written; run it as the environment's owner"
    elif isinstance(error, subprocess.SubprocessError):
        why = "because its installer failed; look whether there is such a release and whether `curl` and `tar` are here"
    elif isinstance(error, InvalidVersionError):
        why = "because another version came; name one of the SDK's major version"
    else:
        why = f"because {SOURCE} cannot be reached from here; run it where it can, or put a CLI on PATH"
    return f"The Pulumi CLI {version} could not be installed, {why} ({WITHOUT})."
