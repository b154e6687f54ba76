"""Build, push and list the images of a stack's own registry, and pin them in the stack file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.images.build_context import copies, rules_of
from automation.images.builder import LocalImage, build, docker, fetched_image, require_buildx
from automation.images.host_builds import HostBuilds
from automation.images.own_images import OwnImage, own_images, selected
from automation.images.registry import copy_image, digest_of, log_in, opened_registry, push
from automation.services.operations import deployed_stack
from automation.shell import LocalShell
from automation.stack.document import StackDocument, stack_file
from automation.stack.edit import Proposal
from providers import command_line
from providers.contract.cli import DeployedStack
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.spec import Platform
from providers.docker.naming import STATE_FOLDER

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True)
class ImageState:
    """Image of a service and whether its registry has it; None when that could not be found out, for `reason`."""

    image: OwnImage
    present: bool | None
    reason: str = ""


class ImageOperations:
    """Images of one deployment; every command is printed before it runs. Methods raise DeploymentFailed."""

    def __init__(self, deployment: "Deployment", shell: LocalShell | None = None) -> None:
        self.deployment = deployment
        cli = command_line(self.spec.cloud)
        environment = {key: value for key, value in deployment.environment.items() if os.environ.get(key) != value}
        self.shell = shell or LocalShell(cli.programs, self.folder, environment)

    @property
    def spec(self) -> Platform:
        """Spec of the stack, read again after its file has changed."""
        return self.deployment.file.spec

    @property
    def folder(self) -> Path:
        """Folder of the stack file, to which build contexts are relative."""
        return self.deployment.folder

    @property
    def on_host(self) -> bool:
        """True where the images stay on the host that builds them."""
        return command_line(self.spec.cloud).keeps_images_on_host

    @property
    def images(self) -> tuple[OwnImage, ...]:
        """Images of the stack's own registry."""
        return own_images(self.spec, self.deployment.name)

    @property
    def stack(self) -> DeployedStack:
        """Stack as it is deployed now, in which the cloud's commands find the registry."""
        return deployed_stack(self.deployment)

    def build(self, services: Sequence[str] = ()) -> Mapping[str, LocalImage]:
        """Build the images that have a `build` key, and return them by service."""
        images = self._with_source(services)
        if self.on_host:
            return self.host_builds.build(images)
        require_buildx(self.shell)
        return {image.service: build(image, self.deployment.name, self.shell, self.folder) for image in images}

    @property
    def host_builds(self) -> HostBuilds:
        """Builds of the stack on a Docker host."""
        return HostBuilds(self.deployment.name, self.folder, self.shell)

    def build_on_host(self, services: Sequence[str] = ()) -> Mapping[str, str]:
        """Build images of a Docker host and write their tags to the stack file; return the new references by service."""
        self.use_host_architecture()
        return self.pin({service: local.address for service, local in self.build(services).items()})

    def use_built_on_host(self) -> None:
        """Build what has changed on a Docker host and deploy it, without writing to the stack file."""
        images = {f"services.{service}.image": local.address for service, local in self.build().items()}
        self.deployment.use_values(images)

    def use_host_architecture(self) -> None:
        """Build and run services without a set architecture for that of the Docker daemon."""
        architecture = self.shell.output(docker("version", "--format", "{{.Server.Arch}}")).strip()
        services = {
            f"services.{name}.architecture": architecture
            for name, service in self.spec.services.items()
            if architecture in ARCHITECTURES
            and service.architecture != architecture
            and not self.deployment.file.is_written(f"services.{name}.architecture")
        }
        self.deployment.use_values(services)

    def push(self, services: Sequence[str] = (), source: str | None = None) -> Mapping[str, str]:
        """Build and push images, or push the image `source` for one service; return the new references by service."""
        if self.on_host:
            return self.build_on_host(services)
        if source is not None:
            (image,) = selected(self.images, self.spec, services)
            require_buildx(self.shell)
            return self._pushed([fetched_image(image, source, self.shell)])
        return self._pushed(list(self.build(services).values()))

    def _pushed(self, images: Sequence[LocalImage]) -> Mapping[str, str]:
        self._refuse_unwritable([local.image for local in images])
        pinned: dict[str, str] = {}
        standby = command_line(self.spec.cloud).standby_repositories(self.spec, self.deployment.name)
        with opened_registry(self.stack, self.shell):
            for local in images:
                digest = push(local, self.shell)
                if local.image.service in standby:
                    copy_image(local.image.repository, standby[local.image.service], digest, local.tag, self.shell)
                pinned[local.image.service] = f"{local.image.image.name}@{digest}"
        return self.pin(pinned)

    def states(self, services: Sequence[str] = ()) -> tuple[ImageState, ...]:
        """Return every image with whether its registry has the pinned version; changes nothing."""
        images = selected(self.images, self.spec, services)
        if self.on_host:
            return tuple(self._host_state(image) for image in images)
        try:
            log_in(self.stack, self.shell)
        except DeploymentFailed as failure:
            return tuple(ImageState(image, None, failure.problem) for image in images)
        return tuple(self.state(image) for image in images)

    def state(self, image: OwnImage) -> ImageState:
        """Return whether the registry, which must be reachable, has an image."""
        if not image.built:
            return ImageState(image, present=False)
        try:
            return ImageState(image, digest_of(image.reference, self.shell) is not None)
        except DeploymentFailed as failure:
            return ImageState(image, None, failure.problem)

    def _host_state(self, image: OwnImage) -> ImageState:
        present = image.built and self.shell.succeeds(docker("image", "inspect", image.reference))
        return ImageState(image, present)

    def pin(self, images: Mapping[str, str]) -> Mapping[str, str]:
        """Write image references into the stack file, with its comments kept, and return those that changed."""
        current = {name: service.image for name, service in self.spec.services.items()}
        changed = {service: image for service, image in images.items() if current[service] != image}
        if changed:
            self.deployment.set_images(changed)
        return changed

    def _refuse_unwritable(self, images: Sequence[OwnImage]) -> None:
        """Raise InvalidConfiguration when the stack file cannot be changed, before anything is pushed."""
        changes = {image.service: f"{image.image.name}@sha256:{'0' * 64}" for image in images}
        proposed_images(stack_file(self.folder, self.deployment.stack), changes)

    def _with_source(self, services: Sequence[str]) -> tuple[OwnImage, ...]:
        images = selected(self.images, self.spec, services)
        without = [image.service for image in images if image.build is None]
        if services and without:
            raise InvalidConfiguration(_no_source(self.deployment.stack, name) for name in without)
        sources = tuple(image for image in images if image.build is not None)
        if not sources:
            problem = "no service has a `build` key"
            fix = f"add one, or push an image with `agent-platform images push {self.deployment.stack} SERVICE --from IMAGE`"
            raise InvalidConfiguration([ConfigError("services", problem, fix)])
        refused = [refusal for image in sources if (refusal := self._copied_state(image)) is not None]
        if refused:
            raise InvalidConfiguration(refused)
        return sources

    def _copied_state(self, image: OwnImage) -> ConfigError | None:
        """Return the refusal of a build that would copy the state and its passphrase into the image."""
        context, dockerfile = (self.folder / path for path in image.source(self.folder))
        state = (self.folder / STATE_FOLDER).resolve()
        if not (self.on_host or state.exists()) or not state.is_relative_to(context.resolve()):
            return None
        path, rules = state.relative_to(context.resolve()).as_posix(), rules_of(context, dockerfile)
        copied = copies(dockerfile.read_text(encoding="utf-8", errors="replace"), path)
        if not copied or (rules and all(each.excludes(path) for each in rules)):
            return None
        problem = f"the Dockerfile copies {path}, which has the state and its passphrase, into the image"
        return ConfigError(f"services.{image.service}.build.context", problem, f"add the line {path} to .dockerignore")


def proposed_images(path: Path, images: Mapping[str, str]) -> Proposal:
    """Return the change of a stack file to other images; raises InvalidConfiguration when it must be made by hand."""
    document = StackDocument.load(path)
    changed = document.with_overrides({f"services.{name}.image": image for name, image in images.items()})
    return Proposal(path, document.text, changed.dump())


def push_commands(stack: str, images: Sequence[OwnImage]) -> tuple[str, ...]:
    """Return the commands that push images without a `build` key, as a user types them."""
    return tuple(f"agent-platform images push {stack} {image.service} --from IMAGE" for image in images)


def missing_images(stack: str, images: Sequence[OwnImage]) -> DeploymentFailed:
    """Return the failure of an update whose registry lacks images that only the user can push."""
    names = listed((image.service for image in images), "and")
    references = listed((image.reference for image in images), "and")
    verb = "images" if len(images) > 1 else "image"
    commands = listed((f"`{command}`" for command in push_commands(stack, images)), "and")
    problem = f"the registry lacks the {verb} of {names}: {references}"
    fix = f"run {commands}, where IMAGE is one of this machine or of another registry; then run `agent-platform up {stack}` again"
    return DeploymentFailed(Failure.NO_IMAGE, problem, fix, stack=stack)


def _no_source(stack: str, service: str) -> ConfigError:
    fix = f"add it, or push an image with `agent-platform images push {stack} {service} --from IMAGE`"
    return ConfigError(f"services.{service}.build", "the service has no `build` key", fix)
