"""What the tests that run containers for real need of the machine."""

import shutil
import subprocess

import pytest

from tests.engine.project import ENGINE_PROGRAMS
from tests.local import images

ENGINE = (*ENGINE_PROGRAMS, "pulumi-resource-docker", "pulumi-resource-tls", "pulumi-resource-random")


def missing() -> str:
    """What is not there; empty when all is."""
    lacking = [command for command in ENGINE if shutil.which(command) is None]
    if lacking:
        return f"not on PATH: {', '.join(lacking)}"
    if shutil.which("docker") is None:
        return "Docker is not installed"
    if subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=30).returncode:
        return "no Docker daemon answers"
    needed = images.missing()
    return f"not on PATH, to make images with: {needed}" if needed else ""


def need_machine() -> None:
    """Skip, with the reason, where containers cannot be run under the engine."""
    if why_not := missing():
        pytest.skip(why_not)
