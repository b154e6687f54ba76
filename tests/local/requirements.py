"""Programs that the tests with real containers need on this machine."""

import shutil
import subprocess

import pytest

from tests.local import images

ENGINE = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-resource-docker",
    "pulumi-resource-tls",
    "pulumi-resource-random",
)


def missing() -> str:
    """Description of what is missing; empty when nothing is."""
    missing_commands = [command for command in ENGINE if shutil.which(command) is None]
    if missing_commands:
        return f"not on PATH: {', '.join(missing_commands)}"
    if shutil.which("docker") is None:
        return "Docker is not installed"
    if subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=30).returncode:
        return "no Docker daemon answers"
    needed = images.missing()
    return f"not on PATH, needed to build images: {needed}" if needed else ""


def require_docker() -> None:
    """Skip the test, with the reason, when containers cannot be deployed on this machine."""
    if reason := missing():
        pytest.skip(reason)
