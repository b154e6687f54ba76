"""Where the Pulumi CLI is: the project's own environment first, then PATH.

`agent-platform engine install` puts it into the environment, so that a project runs with the version it was installed
for whatever else the machine has.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from pulumi.automation import PulumiCommand
from semver import VersionInfo  # comes with the SDK, whose type of a version it is

from automation.engine.run import run_limited

FOLDER = "pulumi"
"""Folder of an environment that holds the CLI, as `bin/pulumi`."""
PROGRAM = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"
OLDEST = "3.1.0"
"""The oldest CLI that the SDK works with: `pulumi.automation`, minimum version."""
LONGEST_SECONDS = 20.0
"""For a command that reads nothing but its own version."""
WITHOUT = "`plan`, `config` and the tests work without it"


class EngineMissing(Exception):
    """There is no CLI, or none that answers; the text is one sentence."""


class EngineLocation(PulumiCommand):
    """The Pulumi CLI at a path, as the SDK's workspaces take it."""

    def __init__(self, program: Path, told: str) -> None:
        # The SDK's constructor knows `<root>/bin` and the PATH of this process; a CLI may stand elsewhere, and a caller
        # may bring another PATH. Whether the version fits is the doctor's question.
        self.command = str(program)
        self.version = VersionInfo.parse(told.removeprefix("v"))


def engine_command(folder: Path, environment: Mapping[str, str] | None = None) -> EngineLocation:
    """The CLI for a project folder and a process environment (default: this one's); raises EngineMissing."""
    given = os.environ if environment is None else environment
    program = engine_program(folder, given)
    if program is None:
        raise EngineMissing(f"The Pulumi CLI is not installed; run `agent-platform engine install` ({WITHOUT}).")
    ran = run_limited([str(program), "version"], folder, {**given, "PULUMI_SKIP_UPDATE_CHECK": "true"}, LONGEST_SECONDS)
    try:
        return EngineLocation(program, ran.out.strip())
    except ValueError:
        raise EngineMissing(f"The Pulumi CLI at {program} does not tell its version; install it again.") from None


def engine_program(folder: Path, environment: Mapping[str, str]) -> Path | None:
    """Path of the CLI, unless there is none."""
    own = (home / "bin" / PROGRAM for home in engine_homes(folder))
    found = next((str(path) for path in own if os.access(path, os.X_OK)), None)
    found = found or shutil.which(PROGRAM, path=environment.get("PATH", ""))
    return Path(found) if found else None


def engine_homes(folder: Path) -> tuple[Path, ...]:
    """Where an environment keeps the CLI: the project's, then the one that runs this."""
    return tuple(dict.fromkeys((folder / ".venv" / FOLDER, Path(sys.prefix) / FOLDER)))


def language_host(engine: EngineLocation, environment: Mapping[str, str]) -> str | None:
    """Path of the Python language host, beside the CLI or on PATH."""
    beside = os.path.dirname(os.path.realpath(engine.command))
    places = (os.path.dirname(engine.command), beside, environment.get("PATH", ""))
    return shutil.which(LANGUAGE_HOST, path=os.pathsep.join(places))


def sdk_version() -> str:
    """Version of the installed SDK, for example 3.272.0."""
    return version("pulumi")
