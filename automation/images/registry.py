"""The stack's own registry: opened for this machine, logged in to, and always closed again; lookups and pushes.

A private registry accepts this machine only between `open_registry` and `close_registry`. It is closed after a failure, an
interrupt and a termination too, and an interrupt during the closing takes effect afterwards.
"""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress

from automation.deploy.errors import DeploymentFailed, Failure
from automation.images.builder import LocalImage, docker
from automation.services.operations import cli_failures
from automation.shell import LocalShell, interrupts_deferred, termination_as_interrupt
from providers import command_line
from providers.contract.cli import CliFailure, DeployedStack
from providers.contract.spec.defaults import is_mapping

MISSING = re.compile(
    r"not found|manifest unknown|MANIFEST_UNKNOWN|name unknown|NAME_UNKNOWN|no such manifest", re.IGNORECASE
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@contextmanager
def opened_registry(stack: DeployedStack, shell: LocalShell) -> Generator[None]:
    """Let this machine use the registry of a deployed stack inside this context; raises DeploymentFailed."""
    cli = command_line(stack.spec.cloud)
    with cli_failures(), termination_as_interrupt():
        try:
            opened = cli.open_registry(stack, shell)
        except BaseException:
            # opening takes several commands, and an interrupt may have left it half open
            with interrupts_deferred(), suppress(DeploymentFailed, CliFailure):
                cli.close_registry(stack, shell)
            raise
        try:
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


def copy_image(repository: str, standby: str, digest: str, tag: str, shell: LocalShell) -> None:
    """Copy a pushed image to the repository of the standby region unless it has it; the digest stays the same."""
    copy = f"{standby}:{tag}"
    if digest_of(copy, shell) == digest:
        return
    # with an index around a single manifest the copy would have another digest
    shell.output(
        docker("buildx", "imagetools", "create", "--prefer-index=false", "--tag", copy, f"{repository}@{digest}")
    )
    if digest_of(copy, shell) != digest:
        problem = f"the copy {copy} has another digest than {digest}"
        raise DeploymentFailed(
            Failure.NO_IMAGE, problem, "update the buildx plugin of docker and run the command again"
        )
