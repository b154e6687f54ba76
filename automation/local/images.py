"""Images of the example's services, built where the stack file names one that is not on this machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from automation.local.folder import LocalFolder
from providers.contract.spec import Platform

EXAMPLE = Path("examples/agent_os")
ARGUMENTS = ("BASE_IMAGE", "BUILDER_IMAGE", "UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""Variables of this process that its Dockerfiles take as arguments, for whoever cannot reach the public ones."""


def build_images(local: LocalFolder, spec: Platform) -> str:
    """Build what is missing; returns a sentence about what could not be built, empty when all stand."""
    for name, service in spec.services.items():
        folder = local.home / EXAMPLE
        ours = (folder / name / "Dockerfile").is_file() and service.image.partition(":")[0] == name
        if not ours or (_stands(service.image) and service.image not in local.built):
            continue
        print(f"building {service.image}")
        local.remember(service.image)
        if _build(folder, name, service.image):
            return (
                f"services.{name}.image: {service.image} could not be built; its last lines stand above. Without a way "
                "to the public base image name one of your own: make up BASE_IMAGE=..."
            )
    return ""


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of Docker's, with what it says."""
    command = shutil.which("docker") or "docker"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603  # our own words


def _stands(image: str) -> bool:
    return docker("image", "inspect", image).returncode == 0


def _build(folder: Path, name: str, image: str) -> int:
    given = [word for key in ARGUMENTS if (value := os.environ.get(key)) for word in ("--build-arg", f"{key}={value}")]
    network = ["--network", value] if (value := os.environ.get("BUILD_NETWORK")) else []
    file = folder / name / "Dockerfile"
    done = docker("build", "--quiet", "--file", str(file), "--tag", image, *network, *given, str(folder))
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-15:]), file=sys.stderr)
    return done.returncode
