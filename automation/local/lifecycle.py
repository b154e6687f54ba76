"""Steps of `make up` and `make down`."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import typer

from automation.cli import deploy
from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.deploy.state import state_operations, state_resources
from automation.images import ImageOperations
from automation.local.state import LocalState, write_secret
from automation.stack.document import read_stack
from automation.stack.folder import use_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.docker.context import REGION, DockerContext
from providers.docker.preflight.host import PROJECT

NO_DOCKER = "docker is not on PATH. Install Docker Engine: https://docs.docker.com/engine/install."
REMOVE_CONTAINERS = "docker rm --force $(docker ps --all --quiet {filters})"
SHOWN_CONTAINERS = 1
READY_SECONDS = 120
EXAMPLE_REQUEST = '{"session_id": "s1", "message": "What is 17 * 23?"}'
EXAMPLE_SERVICE = "gateway"
"""Service of the shipped stack file that answers the example's request."""


def bring_up(stack_file: Path) -> int:
    """Run `agent-platform up` on a stack file, wait until the entry answers and print its addresses; return the exit code."""
    try:
        stack = stack_of_file(stack_file)
        with use_folder(stack_file.parent):
            deploy.up(stack, create=True, yes=True)
    except typer.Exit as exit:
        return exit.exit_code
    except InvalidConfiguration as invalid:
        return _fail("\n".join(str(diagnostic) for diagnostic in invalid.diagnostics), 2)
    return _print_addresses(Deployment(stack, stack_file.parent))


def take_down(stack_file: Path) -> int:
    """Remove everything that `bring_up` created: the stack, the images that it built and the folder.

    The folder holds the only key to the stack. It is removed when the state has no stack and Docker has no container of
    it, and kept on any doubt, such as a state that cannot be read.
    """
    try:
        stack = stack_of_file(stack_file)
    except InvalidConfiguration as invalid:
        return _fail("\n".join(str(diagnostic) for diagnostic in invalid.diagnostics), 2)
    state = LocalState(stack_file.parent)
    if not state.folder.exists():
        left = containers(stack) if shutil.which("docker") else []
        return _report_left(stack, left or []) or _print("Nothing to remove: the folder .local does not exist.")
    if shutil.which("docker") is None:
        return _fail(NO_DOCKER)
    deployment = Deployment(stack, stack_file.parent)
    try:
        deployed = _exists(deployment)
    except DeploymentFailed as failure:
        return _fail(f"{failure} Nothing was removed.")
    if deployed:
        try:
            with use_folder(stack_file.parent):
                deploy.destroy(stack, yes=True)
        except typer.Exit as exit:
            return exit.exit_code
    if error := _report_left(stack, containers(stack)):
        return error
    ImageOperations(deployment).host_builds.remove_all()
    others = state.remove(stack)
    kept = f"; .local is kept, as it has the state of {listed(others, 'and')}" if others else " and the folder .local"
    return _print(f"Removed the stack, its images{kept}.")


def stack_of_file(stack_file: Path) -> str:
    """Return the name of the stack that a file describes; raises InvalidConfiguration."""
    name = stack_file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if stack_file.name != f"Pulumi.{name}.yaml" or not stack_file.is_file():
        problem = f"{stack_file} is no stack file" if stack_file.exists() else f"{stack_file} does not exist"
        raise InvalidConfiguration([ConfigError("STACK_FILE", problem, "name a file Pulumi.<stack>.yaml")])
    return name


def containers(stack: str) -> list[str] | None:
    """Return the containers of a stack, running or not; None when Docker does not list them."""
    listing = docker("ps", "--all", *_filters(stack), "--format", "{{.Names}}")
    return listing.stdout.split() if listing.returncode == 0 else None


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Docker's command line and return its output."""
    command = shutil.which("docker") or "docker"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603  # no user input


def _filters(stack: str) -> list[str]:
    return [word for label in (f"project={PROJECT}", f"stack={stack}") for word in ("--filter", f"label={label}")]


def _report_left(stack: str, left: list[str] | None) -> int:
    """Print which containers of the stack are left and return 1; 0 when there are none."""
    if left is None:
        return _fail("Docker does not list its containers, so .local is kept. Start Docker, and run make down again.")
    if not left:
        return 0
    return _fail(
        f"{len(left)} containers of the stack {stack} are on this host, and the state in .local does not have them: "
        f"{listed(left[:SHOWN_CONTAINERS], 'and')}{' and others' if len(left) > SHOWN_CONTAINERS else ''}. "
        f"Remove them with `{REMOVE_CONTAINERS.format(filters=' '.join(_filters(stack)))}`, and run make down again."
    )


def _exists(deployment: Deployment) -> bool:
    """True when the state has resources; raises DeploymentFailed when that is not certain."""
    try:
        with deployment.engine_errors():
            exported = deployment.engine.export_state()
        return bool(state_resources(exported) or state_operations(exported))
    except DeploymentFailed as failure:
        if failure.kind is Failure.NO_STACK:
            return False
        raise


def _print_addresses(deployment: Deployment) -> int:
    stack = read_stack(deployment.folder, deployment.stack)
    context = DockerContext(stack.spec, stack.name, REGION)
    state = LocalState(deployment.folder)
    authority, password = state.authority(stack.name), state.dashboard_password(stack.name)
    if stack.spec.public and not _becomes_healthy(f"{context.url}/health", authority):
        return _fail(
            f"{context.url}/health does not answer after {READY_SECONDS} s. Run `docker ps` to see unhealthy containers."
        )
    if stack.spec.public:
        print(f"\nentry      {context.url}   (certificate authority: {authority.relative_to(deployment.folder)})")
    if stack.spec.monitoring.dashboards:
        write_secret(password, _dashboard_password(deployment))
        where = password.relative_to(deployment.folder)
        print(f"dashboard  https://localhost:{context.dashboard_port}   user admin, password in {where}")
    if stack.spec.public and EXAMPLE_SERVICE in stack.spec.services:
        url, option = f"{context.url}/chat", f"--cacert {authority.relative_to(deployment.folder)}"
        print("\nSend a request to the agent:")
        print(f"  curl {option} {url} -H 'Content-Type: application/json' -d '{EXAMPLE_REQUEST}'")
    return 0


def _dashboard_password(deployment: Deployment) -> str:
    """Return the password of Grafana's `admin` from the state; commands of a deployment never read a plain secret."""
    engine = deployment.engine
    export = subprocess.run(  # noqa: S603  # no user input
        [engine.workspace.pulumi_command.command, "stack", "export", "--show-secrets", "--stack", deployment.name],
        cwd=deployment.work_folder, env={**os.environ, **deployment.engine_environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    name = f"::{deployment.name}-monitoring-grafana-password"
    resources = json.loads(export.stdout)["deployment"].get("resources", [])
    (result,) = [each["outputs"]["result"] for each in resources if each["urn"].endswith(name)]
    return str(json.loads(result["plaintext"]))


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


def _fail(message: str, exit_code: int = 1) -> int:
    print(message, file=sys.stderr)
    return exit_code
