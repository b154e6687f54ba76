"""Steps of `make up` and `make down`."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.deploy.guard import refuse_unready
from automation.deploy.state import state_operations, state_resources
from automation.engine.installation import EngineMissing, engine_command
from automation.local.project import STACK, LocalProject
from automation.stack.document import Stack, read_stack
from providers.contract.diagnostics import InvalidConfiguration, listed
from providers.contract.spec import Platform
from providers.docker.context import REGION, DockerContext
from providers.docker.preflight.host import PROJECT

NO_DOCKER = "docker is not on PATH. Install Docker Engine: https://docs.docker.com/engine/install."
LABELS = (f"label=project={PROJECT}", f"label=stack={STACK}")
REMOVE_CONTAINERS = f"docker rm --force $(docker ps --all --quiet {' '.join(f'--filter {label}' for label in LABELS)})"
EXAMPLE = Path("examples/agent_os")
BUILD_ARGUMENTS = ("BASE_IMAGE", "BUILDER_IMAGE", "UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""Environment variables that are passed to the example's Dockerfiles, to replace public registries and indexes."""
SHOWN_BUILD_LINES, SHOWN_CONTAINERS = 15, 1
ID_LENGTH = 12
"""Digits of an image's id that make its tag unique, as in Docker's own lists."""
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
    if error := _missing_need(project):
        return _fail(error)
    if not stack_file.is_file():
        return _fail(f"{stack_file} does not exist. Use a stack file whose cloud is docker.")
    project.prepare(stack_file)
    try:
        set_architecture(project)
        stack = read_stack(project.folder, STACK)
        # without a daemon every build would fail, with a message about its base image
        refuse_unready(stack, project.environment)
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
    """Remove everything that `bring_up` created: the stack, the images that it built and the folder.

    The folder holds the only key to the stack. It is removed when the state has no stack and Docker has no container of
    it, and kept on any doubt, such as a state that cannot be read.
    """
    if not project.folder.exists():
        left = _containers() if shutil.which("docker") else []
        return _report_left(left or []) or _print("Nothing to remove: the folder .local does not exist.")
    if error := _missing_need(project):
        return _fail(error)
    try:
        deployed = _exists(project)
    except DeploymentFailed as failure:
        return _fail(f"{failure} Nothing was removed.")
    if deployed and (exit_code := _run_platform_command(project, "destroy")):
        return exit_code
    if error := _report_left(_containers()):
        return error
    for image in project.built_images:
        docker("image", "rm", image)
    others = project.remove()
    kept = f"; .local is kept, as it has the state of {listed(others, 'and')}" if others else " and the folder .local"
    return _print(f"Removed the stack, its images{kept}.")


def _containers() -> list[str] | None:
    """Containers of the stack, running or not; None when Docker does not list them."""
    filters = [word for label in LABELS for word in ("--filter", label)]
    listing = docker("ps", "--all", *filters, "--format", "{{.Names}}")
    return listing.stdout.split() if listing.returncode == 0 else None


def _report_left(containers: list[str] | None) -> int:
    """Print which containers of the stack are left and return 1; 0 when there are none."""
    if containers is None:
        return _fail("Docker does not list its containers, so .local is kept. Start Docker, and run make down again.")
    if not containers:
        return 0
    return _fail(
        f"{len(containers)} containers of the stack {STACK} are on this host, and the state in .local does not have them: "
        f"{listed(containers[:SHOWN_CONTAINERS], 'and')}{' and others' if len(containers) > SHOWN_CONTAINERS else ''}. "
        f"Remove them with `{REMOVE_CONTAINERS}`, and run make down again."
    )


def set_architecture(project: LocalProject) -> None:
    """Set the architecture of services without one to that of the daemon, since their images are built on this host."""
    architecture = docker("version", "--format", "{{.Server.Arch}}").stdout.strip()
    names = project.services_without("architecture")
    if architecture and names:
        project.set_values({f"services.{name}.architecture": architecture for name in names})


def build_images(project: LocalProject, spec: Platform) -> str:
    """Build the images of the example's services; returns an error message, empty on success.

    An image is built on every run, which takes a second when nothing changed. The id of its content is added to its tag, so
    that an edit replaces the replicas, and that another checkout with other code has other images.
    """
    images: dict[str, str] = {}
    for name, service in spec.services.items():
        folder = project.root / EXAMPLE
        if not ((folder / name / "Dockerfile").is_file() and service.image.partition(":")[0] == name):
            continue
        print(f"building {service.image}")
        identity = _build(folder, name, service.image)
        if not identity:
            return (
                f"services.{name}.image: {service.image} could not be built; the last lines of the build are above. "
                "Without access to the public base image, name another one: make up BASE_IMAGE=..."
            )
        tagged = f"{service.image}-{identity}"
        docker("tag", service.image, tagged)
        for image in (service.image, tagged):
            project.record_image(image)
        images[f"services.{name}.image"] = tagged
    project.set_values(images)
    return ""


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Docker's command line and return its output."""
    command = shutil.which("docker") or "docker"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603  # no user input


def _build(folder: Path, name: str, image: str) -> str:
    """Build an image and return the first digits of its id; empty when the build failed."""
    values = {key: os.environ[key] for key in BUILD_ARGUMENTS if os.environ.get(key)}
    arguments = [word for key, value in values.items() for word in ("--build-arg", f"{key}={value}")]
    network = ["--network", value] if (value := os.environ.get("BUILD_NETWORK")) else []
    dockerfile = folder / name / "Dockerfile"
    build = docker("build", "--quiet", "--file", str(dockerfile), "--tag", image, *network, *arguments, str(folder))
    if build.returncode:
        lines = (build.stdout + build.stderr).splitlines()
        print("\n".join(lines[-SHOWN_BUILD_LINES:]), file=sys.stderr)
        return ""
    identity = re.search(r"sha256:([0-9a-f]{64})", build.stdout)
    return identity[1][:ID_LENGTH] if identity else ""


def _run_platform_command(project: LocalProject, operation: str, *options: str) -> int:
    """Run a command of the project's own command line on the stack."""
    command = [sys.executable, "-m", "automation", "-C", str(project.folder), operation, STACK, "--yes", *options]
    return subprocess.run(command, cwd=project.folder, env=dict(project.environment), check=False).returncode  # noqa: S603


def _missing_need(project: LocalProject) -> str:
    """Sentence about a program that is not installed, or a lost passphrase; empty when there is none."""
    if shutil.which("docker") is None:
        return NO_DOCKER
    if project.state.is_locked_out:
        return (
            f"{project.state.passphrase.relative_to(project.root)} is missing, and without it the state cannot be read. "
            f"Restore the file, or remove the containers with `{REMOVE_CONTAINERS}` and then the folder .local."
        )
    try:
        engine_command(project.root)
    except EngineMissing as missing:
        return str(missing)
    return ""


def _exists(project: LocalProject) -> bool:
    """True when the state has resources; raises DeploymentFailed when that is not certain."""
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    try:
        with deployment.engine_errors():
            exported = deployment.engine.export_state()
        return bool(state_resources(exported) or state_operations(exported))
    except DeploymentFailed as failure:
        if failure.kind is Failure.NO_STACK:
            return False
        raise


def _exported_resources(project: LocalProject) -> Sequence[ExportedResource]:
    """Resources of the stack with plain secrets, which the commands of a deployment never read."""
    engine = engine_command(project.root)
    export = subprocess.run(  # noqa: S603  # no user input
        [engine.command, "stack", "export", "--show-secrets", "--stack", STACK],
        cwd=project.folder, env=dict(project.environment), capture_output=True, text=True, check=True,
    )  # fmt: skip
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


def _print(message: str) -> int:
    print(message)
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
