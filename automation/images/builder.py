"""Builds of images with docker buildx, and local images that are to be pushed.

A tag is the beginning of the image's ID, so the same content has the same tag and a tag never moves
(docs/adr/0016-tag-images-by-content-and-pin-digests.md).
"""

from dataclasses import dataclass
from pathlib import Path

from automation.deploy.errors import DeploymentFailed, Failure
from automation.images.own_images import OwnImage
from automation.shell import LocalShell
from providers.contract.cli import CliCommand

TAG_DIGITS = 12
IMAGE_FORMAT = "{{.Id}} {{.Os}}/{{.Architecture}}"


@dataclass(frozen=True)
class LocalImage:
    """Image in the docker of this machine, by the first digits of its ID."""

    image: OwnImage
    id: str

    @property
    def tag(self) -> str:
        """Tag that follows from the content."""
        return self.id.removeprefix("sha256:")[:TAG_DIGITS]

    @property
    def address(self) -> str:
        """Address with the tag."""
        return f"{self.image.repository}:{self.tag}"


def docker(*arguments: str) -> CliCommand:
    """Return a docker command."""
    return CliCommand(("docker", *arguments))


def require_buildx(shell: LocalShell) -> None:
    """Raise DeploymentFailed when docker, its buildx plugin or its daemon is missing."""
    shell.output(docker("buildx", "version"))
    shell.output(docker("info", "--format", "{{.ServerVersion}}"))


def build_command(image: OwnImage, stack: str, folder: Path) -> CliCommand:
    """Return the command that builds an image and loads it into the docker of this machine.

    An attestation would make the image an index of several manifests, which not every service can run.
    """
    context, dockerfile = image.source(folder)
    where = ("--platform", image.platform, "--file", str(dockerfile), "--tag", local_name(image, stack))
    return docker("buildx", "build", *where, "--provenance=false", "--load", str(context))


def local_name(image: OwnImage, stack: str) -> str:
    """Return the name of a service's latest build on this machine."""
    return f"agent-platform/{stack}-{image.service}:latest"


def build(image: OwnImage, stack: str, shell: LocalShell, folder: Path) -> LocalImage:
    """Build an image for the architecture of its service and return it; raises DeploymentFailed."""
    try:
        shell.relay(build_command(image, stack, folder))
    except DeploymentFailed as failure:
        raise build_failure(image, stack, failure) from None
    return local_image(image, local_name(image, stack), shell)


def build_failure(image: OwnImage, stack: str, failure: DeploymentFailed) -> DeploymentFailed:
    """Return the failure of a build with its service; one with another cause, such as a missing program, unchanged."""
    if failure.kind is not Failure.COMMAND:
        return failure
    problem = f"the build of {image.service} failed: {failure.problem.partition(' failed: ')[2] or failure.problem}"
    return DeploymentFailed(failure.kind, problem, failure.fix, failure.log, stack=stack)


def local_image(image: OwnImage, reference: str, shell: LocalShell) -> LocalImage:
    """Return an image of this machine; fails when it is for another platform than the service's."""
    identity, _, platform = (
        shell.output(docker("image", "inspect", "--format", IMAGE_FORMAT, reference)).strip().partition(" ")
    )
    if platform != image.platform:
        problem = f"{reference} is an image for {platform}, and the service {image.service} runs on {image.platform}"
        fix = (
            f"build it with `docker buildx build --platform {image.platform}`, or change `architecture` of the service"
        )
        raise DeploymentFailed(Failure.COMMAND, problem, fix)
    return LocalImage(image, identity)


def fetched_image(image: OwnImage, reference: str, shell: LocalShell) -> LocalImage:
    """Return an image by its reference, pulled when this machine does not have it."""
    if not shell.succeeds(docker("image", "inspect", reference)):
        shell.relay(docker("pull", "--platform", image.platform, reference))
    return local_image(image, reference, shell)
