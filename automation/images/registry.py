"""The stack's own registry: opened for this machine, logged in to, and always closed again; lookups and pushes.

A private registry accepts this machine only between `open_registry` and `close_registry`. It is closed after a failure, an
interrupt and a termination too, and an interrupt during the closing takes effect afterwards.
"""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.state import state_resources
from automation.images.builder import LocalImage, docker
from automation.shell import LocalShell, interrupts_deferred, termination_as_interrupt
from automation.urn import Urn
from providers import command_line
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.contract.spec.defaults import is_mapping

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

MISSING = re.compile(
    r"not found|manifest unknown|MANIFEST_UNKNOWN|name unknown|NAME_UNKNOWN|no such manifest", re.IGNORECASE
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@contextmanager
def opened_registry(stack: DeployedStack, shell: LocalShell) -> Generator[None]:
    """Let this machine use the registry of a deployed stack inside this context; raises DeploymentFailed."""
    cli = command_line(stack.spec.cloud)
    with _cli_failures(), termination_as_interrupt():
        opened = False
        try:
            # an interrupt while it is opened must not leave it open
            with interrupts_deferred():
                opened = cli.open_registry(stack, shell)
            log_in(stack, shell)
            yield
        finally:
            if opened:
                with interrupts_deferred():
                    cli.close_registry(stack, shell)


def log_in(stack: DeployedStack, shell: LocalShell) -> None:
    """Log docker in to the registry with a token of the cloud."""
    for command in command_line(stack.spec.cloud).registry_login(stack.spec, stack.name):
        shell.output(command)


def digest_of(reference: str, shell: LocalShell) -> str | None:
    """Return the digest of an image in a registry, or None when the registry does not have it; raises DeploymentFailed."""
    command = docker("buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", reference)
    try:
        manifest = json.loads(shell.output(command))
    except DeploymentFailed as failure:
        if failure.kind in (Failure.COMMAND, Failure.NO_REGISTRY) and MISSING.search(failure.log):
            return None
        raise
    except ValueError:
        manifest = None
    digest = str(manifest.get("digest")) if is_mapping(manifest) else ""
    if not DIGEST.fullmatch(digest):
        problem = f"docker returned no digest of {reference}"
        raise DeploymentFailed(Failure.COMMAND, problem, "update the buildx plugin of docker")
    return digest


def push(local: LocalImage, shell: LocalShell) -> str:
    """Push an image unless the registry has it, and return its digest; a repeat continues an interrupted push."""
    digest = digest_of(local.address, shell)
    if digest is None:
        shell.output(docker("tag", local.id, local.address))
        shell.relay(docker("push", local.address))
        digest = digest_of(local.address, shell)
    if digest is None:
        problem = f"the registry does not have {local.address} after its push"
        raise DeploymentFailed(Failure.NO_IMAGE, problem, "run the same command again")
    return digest


def deployed_stack(deployment: "Deployment") -> DeployedStack:
    """Return a stack with its resources in the state, secrets masked; raises DeploymentFailed."""
    # loads the SDK, which building an image does not need
    from automation.deploy.engine_events import masked

    with deployment.engine_errors():
        exported = deployment.engine.export_state()
    return DeployedStack(
        deployment.name,
        deployment.file.spec,
        tuple(
            DeployedResource(Urn(str(each["urn"])).name, str(each["type"]), str(each["id"]), outputs)
            for each in state_resources(exported, pending_deletes=False)
            if each.get("custom") and "id" in each and is_mapping(outputs := masked(each.get("outputs") or {}))
        ),
    )


@contextmanager
def _cli_failures() -> Generator[None]:
    try:
        yield
    except CliFailure as failure:
        raise DeploymentFailed(Failure.COMMAND, failure.problem, failure.fix, stack=failure.key) from None
