"""Steps of `make up` and `make down`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import typer

from automation.cli import deploy
from automation.deploy import Deployment, DeploymentFailed, Failure
from automation.deploy.host_removal import HostRemoval
from automation.deploy.state import state_operations, state_resources
from automation.images import ImageOperations
from automation.local.readiness import wait_until_ready
from automation.local.state import LocalState, write_secret
from automation.stack.document import read_stack
from automation.stack.folder import use_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.docker.context import REGION, DockerContext
from providers.docker.preflight.down_parts import down_parts

NO_DOCKER = "docker is not on PATH. Install Docker Engine: https://docs.docker.com/engine/install."
DOWN_WITH_VOLUMES = "make down ARGS=--volumes"
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


def take_down(stack_file: Path, *, volumes: bool = False, by_label: bool = False) -> int:
    """Run `agent-platform destroy` on a stack file and remove its images; return the exit code.

    The folder .local holds the only keys to the stack and to its volumes. It is removed when the state has no resources and
    Docker has no object of the stack, and kept on any doubt, such as a state that cannot be read.
    """
    try:
        stack = stack_of_file(stack_file)
    except InvalidConfiguration as invalid:
        return _fail("\n".join(str(diagnostic) for diagnostic in invalid.diagnostics), 2)
    if shutil.which("docker") is None:
        return _fail(NO_DOCKER)
    deployment = Deployment(stack, stack_file.parent)
    try:
        return _take_down(deployment, volumes=volumes, by_label=by_label)
    except DeploymentFailed as failure:
        return _fail(f"{failure} The folder .local is kept.")
    except typer.Exit as exit:
        return exit.exit_code


def _take_down(deployment: Deployment, *, volumes: bool, by_label: bool) -> int:
    state, removal = LocalState(deployment.folder), HostRemoval(deployment, print)
    if by_label or (state.folder.exists() and _has_resources(deployment)):
        with use_folder(deployment.folder):
            deploy.destroy(deployment.stack, volumes=volumes, by_label=by_label, yes=True)
    left = [each for each in removal.labelled(volumes=True) if not each.has_data]
    if left:
        removal.refuse_unknown()
    if not state.folder.exists():
        return _print("Nothing to remove: the folder .local does not exist.")
    ImageOperations(deployment).host_builds.remove_all()
    if removal.labelled(volumes=True) or (not by_label and _has_resources(deployment)):
        return _print(
            "Removed the containers, the networks and the images of the stack. Its volumes are kept, and the folder .local "
            f"with their keys; `{DOWN_WITH_VOLUMES}` removes them too."
        )
    others = state.remove(deployment.stack)
    kept = f"; .local is kept, as it has the state of {listed(others, 'and')}" if others else " and the folder .local"
    return _print(f"Removed the stack, its images{kept}.")


def stack_of_file(stack_file: Path) -> str:
    """Return the name of the stack that a file describes; raises InvalidConfiguration."""
    name = stack_file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    if stack_file.name != f"Pulumi.{name}.yaml" or not stack_file.is_file():
        problem = f"{stack_file} is no stack file" if stack_file.exists() else f"{stack_file} does not exist"
        raise InvalidConfiguration([ConfigError("STACK_FILE", problem, "name a file Pulumi.<stack>.yaml")])
    return name


def _has_resources(deployment: Deployment) -> bool:
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
    if stack.spec.public:
        problem = wait_until_ready(
            f"{context.url}/health", authority, lambda: down_parts(stack.spec, stack.name, deployment.host_environment)
        )
        if problem:
            return _fail(f"{stack.name}: {problem}")
    if stack.spec.public:
        print(f"\nentry      {context.url}   (certificate authority: {authority.relative_to(deployment.folder)})")
    if stack.spec.monitoring.dashboards:
        if not _is_newer(password, state.checkpoint(stack.name)):
            write_secret(password, _dashboard_password(deployment))
        where = password.relative_to(deployment.folder)
        print(f"dashboard  https://localhost:{context.dashboard_port}   user admin, password in {where}")
    if stack.spec.public and EXAMPLE_SERVICE in stack.spec.services:
        url, option = f"{context.url}/chat", f"--cacert {authority.relative_to(deployment.folder)}"
        key = state.security_key(stack.name)
        if key.is_file():
            option += f' -H "Authorization: Bearer $(cat {key.relative_to(deployment.folder)})"'
        print("\nSend a request to the agent:")
        print(f"  curl {option} {url} -H 'Content-Type: application/json' -d '{EXAMPLE_REQUEST}'")
    return 0


def _is_newer(path: Path, than: Path) -> bool:
    return path.is_file() and than.is_file() and path.stat().st_mtime > than.stat().st_mtime


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


def _print(message: str) -> int:
    print(message)
    return 0


def _fail(message: str, exit_code: int = 1) -> int:
    print(message, file=sys.stderr)
    return exit_code
