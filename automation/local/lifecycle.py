"""Steps of `make up` and `make down`."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from automation.local.project import STACK, LocalProject
from automation.stack.document import Stack, read_stack
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from providers.docker.context import REGION, DockerContext

REQUIRED_COMMANDS = {
    "docker": "install Docker Engine: https://docs.docker.com/engine/install",
    "pulumi": "run `agent-platform engine install`, or see https://www.pulumi.com/docs/install",
}
EXAMPLE = Path("examples/agent_os")
BUILD_ARGUMENTS = ("BASE_IMAGE", "BUILDER_IMAGE", "UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""Environment variables that are passed to the example's Dockerfiles, to replace public registries and indexes."""
SHOWN_BUILD_LINES = 15
READY_SECONDS = 120
EXAMPLE_REQUEST = '{"session_id": "s1", "message": "What is 17 * 23?"}'


class SecretOutput(TypedDict):
    """Secret output in an export with plain secrets; the value is JSON."""

    plaintext: str


class ExportedResource(TypedDict):
    """Resource in the engine's export of a stack, with the fields that are read here."""

    urn: str
    outputs: Mapping[str, str | SecretOutput]


def bring_up(project: LocalProject, stack_file: Path) -> int:
    """Build images, update the stack, wait until it is healthy and print its addresses; returns the exit code."""
    for command, fix in REQUIRED_COMMANDS.items():
        if shutil.which(command) is None:
            return _fail(f"{command} is not on PATH. {fix[:1].upper()}{fix[1:]}.")
    if not stack_file.is_file():
        return _fail(f"{stack_file} does not exist. Use a stack file whose cloud is docker.")
    project.prepare(stack_file)
    try:
        stack = read_stack(project.folder, STACK)
    except InvalidConfiguration as invalid:
        return _fail("\n".join(str(diagnostic) for diagnostic in invalid.diagnostics))
    if error := build_images(project, stack.spec):
        return _fail(error)
    if exit_code := _run_platform_command(project, "up", "--create"):
        return exit_code
    resources = _exported_resources(project)
    project.authority.write_text(_output(resources, "keys-authority-certificate", "certPem"), encoding="utf-8")
    if stack.spec.monitoring.dashboards:
        password = _output(resources, "monitoring-grafana-password", "result")
        project.write_secret(project.dashboard_password, password)
    return _print_addresses(project, stack)


def take_down(project: LocalProject) -> int:
    """Remove everything that `bring_up` created: the stack, the images that it built and the folder."""
    if not project.folder.exists():
        print("Nothing to remove: the folder .local does not exist.")
        return 0
    if _exported_resources(project) and (exit_code := _run_platform_command(project, "destroy")):
        return exit_code
    for image in project.built_images:
        docker("image", "rm", image)
    shutil.rmtree(project.folder)
    print("Removed the stack, its images and the folder .local.")
    return 0


def build_images(project: LocalProject, spec: Platform) -> str:
    """Build missing images of the example's services; returns an error message, empty on success."""
    for name, service in spec.services.items():
        folder = project.root / EXAMPLE
        is_example = (folder / name / "Dockerfile").is_file() and service.image.partition(":")[0] == name
        if not is_example or (_image_exists(service.image) and service.image not in project.built_images):
            continue
        print(f"building {service.image}")
        project.record_image(service.image)
        if _build(folder, name, service.image):
            return (
                f"services.{name}.image: {service.image} could not be built; the last lines of the build are above. "
                "Without access to the public base image, name another one: make up BASE_IMAGE=..."
            )
    return ""


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Docker's command line and return its output."""
    command = shutil.which("docker") or "docker"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603  # no user input


def _image_exists(image: str) -> bool:
    return docker("image", "inspect", image).returncode == 0


def _build(folder: Path, name: str, image: str) -> int:
    values = {key: os.environ[key] for key in BUILD_ARGUMENTS if os.environ.get(key)}
    arguments = [word for key, value in values.items() for word in ("--build-arg", f"{key}={value}")]
    network = ["--network", value] if (value := os.environ.get("BUILD_NETWORK")) else []
    dockerfile = folder / name / "Dockerfile"
    build = docker("build", "--quiet", "--file", str(dockerfile), "--tag", image, *network, *arguments, str(folder))
    if build.returncode:
        lines = (build.stdout + build.stderr).splitlines()
        print("\n".join(lines[-SHOWN_BUILD_LINES:]), file=sys.stderr)
    return build.returncode


def _run_platform_command(project: LocalProject, operation: str, *options: str) -> int:
    """Run a command of the project's own command line on the stack."""
    command = [sys.executable, "-m", "automation", operation, STACK, "--yes", *options]
    return subprocess.run(command, cwd=project.folder, env=dict(project.environment), check=False).returncode  # noqa: S603


def _exported_resources(project: LocalProject) -> Sequence[ExportedResource]:
    """Resources of the stack with plain secrets; none when the stack does not exist."""
    command = [shutil.which("pulumi") or "pulumi", "stack", "export", "--show-secrets", "--stack", STACK]
    export = subprocess.run(  # noqa: S603  # no user input
        command, cwd=project.folder, env=dict(project.environment), capture_output=True, text=True, check=False
    )
    if export.returncode:
        return []
    resources: list[ExportedResource] = json.loads(export.stdout)["deployment"].get("resources", [])
    return resources


def _output(resources: Sequence[ExportedResource], name: str, key: str) -> str:
    """Output of the resource `name`; a secret one is unwrapped."""
    (resource,) = [resource for resource in resources if resource["urn"].endswith(f"::{STACK}-{name}")]
    value = resource["outputs"][key]
    return value if isinstance(value, str) else str(json.loads(value["plaintext"]))


def _print_addresses(project: LocalProject, stack: Stack) -> int:
    context = DockerContext(stack.spec, STACK, REGION)
    url = f"https://localhost:{context.block.entry_port}"
    if not _becomes_healthy(f"{url}/health", project.authority):
        return _fail(
            f"{url}/health does not answer after {READY_SECONDS} s. Run `docker ps` to see unhealthy containers."
        )
    authority = project.authority.relative_to(project.root)
    print(f"\nentry      {url}   (certificate authority: {authority})")
    if stack.spec.monitoring.dashboards:
        password = project.dashboard_password.relative_to(project.root)
        print(f"dashboard  https://localhost:{context.dashboard_port}   user admin, password in {password}")
    print("\nSend a request to the agent:")
    print(f"  curl --cacert {authority} {url}/chat -H 'Content-Type: application/json' -d '{EXAMPLE_REQUEST}'")
    return 0


def _becomes_healthy(url: str, authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10, context=context) as response:  # noqa: S310  # always https
                if response.status == 200:
                    return True
        except OSError:
            time.sleep(1)
    return False


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
