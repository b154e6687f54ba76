"""Update of a stack whose own registry lacks images: the registry first, then the images, then the rest.

The first phase deploys the registry and what it needs; the second builds and pushes the images that have a `build` key, and
names the commands for the others; the update of the whole stack follows. Each phase finds what an earlier run has done, so
a repeat continues (docs/adr/0015-deploy-an-empty-account-in-phases.md).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from automation.day2.history import images_of_platform
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.guard import refuse_unreachable
from automation.deploy.state import state_resources
from automation.deploy.targets import REGISTRY_MESSAGE, registry_targets
from automation.images.builder import require_buildx
from automation.images.operations import ImageOperations, missing_images, push_commands
from automation.images.own_images import OwnImage
from automation.images.registry import opened_registry
from automation.local.state import write_authority
from automation.plan.build import plan_of
from automation.services.operations import cli_failures
from automation.urn import Urn
from providers import command_line
from providers.contract.diagnostics import listed
from providers.contract.images import Image, parse_image
from providers.contract.spec.defaults import Raw, is_mapping

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

Ask = Callable[[str], bool]
"""Question to a person; False where there is none."""
Phase = Callable[[str], AbstractContextManager[OnEvent]]
"""Display of an operation with this title."""


class ImageSupply:
    """Phases before the update of one deployment."""

    def __init__(
        self, deployment: "Deployment", note: Callable[[str], object], operations: ImageOperations | None = None
    ) -> None:
        self.deployment, self.note = deployment, note
        self.operations = operations or ImageOperations(deployment)

    def prepare_host(self, *, build: bool = True) -> None:
        """Use the architecture of a Docker host, and build the images that have a `build` key, before the preview.

        What has not changed since its last build is not built again. The stack file keeps its content: the engine gets the
        tags in a copy, so its history has them for a rollback. Without `build`, the images of the stack file are
        deployed, and those of the last update where it has none.
        """
        if not self.operations.on_host:
            return
        try:
            self.operations.use_host_architecture()
        except DeploymentFailed:
            # the sentence of `preview` and `doctor`, where the daemon does not answer
            refuse_unreachable(self.deployment.file, self.deployment.host_environment)
            raise
        with_source = [image.service for image in self.operations.images if image.build is not None]
        if with_source and build:
            self.note(f"checking the images of {listed(with_source, 'and')}")
            self.operations.use_built_on_host()

    def run(self, phase: Phase, ask: Ask) -> None:
        """Deploy the registry and supply its images when the update needs that; raises DeploymentFailed."""
        if self.operations.on_host:
            return
        images = self._new_images()
        if not images:
            return
        inventory = plan_of(self.deployment.file, self.deployment.folder).inventory
        targets = registry_targets(inventory)
        exists = bool(self.operations.spec.stored_images) or self._exists(targets)
        if any(image.build is not None and not image.built for image in images):
            require_buildx(self.operations.shell)
        if not exists:
            self.note(f"phase 1 of 3: the registry and what it needs ({len(targets)} resources)")
            # loads the SDK's program side, which an update with a complete registry does not need
            from automation.deploy.partial_program import deploy_targets

            with phase(f"{self.deployment.name}  deploying the registry") as on_event:
                deploy_targets(self.deployment, inventory, targets, REGISTRY_MESSAGE, on_event)
        self.note(f"phase 2 of 3: the images of {listed((image.service for image in images), 'and')}")
        self._supply(images, ask, new_registry=not exists)
        self.note("phase 3 of 3: the whole stack")

    def _supply(self, images: Sequence[OwnImage], ask: Ask, *, new_registry: bool) -> None:
        to_build = [image for image in images if image.build is not None and not image.built]
        pinned = [image for image in images if image.built]
        lacking = pinned if new_registry else self._lacking(pinned)
        to_build += [image for image in lacking if image.build is not None]
        if to_build:
            self.operations.push([image.service for image in to_build])
        by_user = [image for image in lacking if image.build is None]
        while by_user:
            failure = missing_images(self.deployment.stack, by_user)
            self.note(f"{failure.problem}; push with:")
            for command in push_commands(self.deployment.stack, by_user):
                self.note(f"  {command}")
            if not ask("Push them from another terminal, then continue?"):
                raise failure
            self.deployment.workdir.reload()
            services = {image.service for image in by_user}
            by_user = self._lacking([image for image in self.operations.images if image.service in services])

    def _lacking(self, images: Sequence[OwnImage]) -> list[OwnImage]:
        """Return the images that the registry does not have; one that cannot be looked up counts as present."""
        if not images:
            return []
        try:
            with opened_registry(self.operations.stack, self.operations.shell):
                states = [self.operations.state(image) for image in images]
        except DeploymentFailed as failure:
            self.note(
                f"could not look up the images in the registry, so the update continues without: {failure.problem}"
            )
            return []
        for state in states:
            if state.present is None:
                self.note(f"could not look up {state.image.reference}, so the update continues without: {state.reason}")
        return [state.image for state in states if state.present is False]

    def _new_images(self) -> tuple[OwnImage, ...]:
        """Return the own images that the last successful update did not run; those of an earlier one are in the registry."""
        images = self.operations.images
        if not images:
            return ()
        with self.deployment.engine_errors():
            deployed = self.deployment.engine.deployed_platform()
        if not is_mapping(deployed) or self._has_moved(deployed):
            return images
        running = {name: parse_image(image) for name, image in images_of_platform(deployed).items()}
        return tuple(image for image in images if not _is_same(image, running.get(image.service)))

    def _has_moved(self, deployed: Raw) -> bool:
        """Return whether the last update used another registry, which need not have the same images as this one."""
        registry = self.operations.spec.registry
        named = registry.model_dump(exclude_unset=True, mode="json") if registry is not None else {}
        return (deployed.get("registry") or {}) != named

    def _exists(self, targets: Sequence[Urn]) -> bool:
        with self.deployment.engine_errors():
            exported = self.deployment.engine.export_state()
        deployed = {str(resource["urn"]) for resource in state_resources(exported, pending_deletes=False)}
        return all(target in deployed for target in targets)


def _is_same(image: OwnImage, running: Image | None) -> bool:
    return running is not None and (image.image.name, image.image.suffix) == (running.name, running.suffix)


def complete_update(
    deployment: "Deployment", note: Callable[[str], object], operations: ImageOperations | None = None
) -> None:
    """Do what the deployed stack needs beside the update, such as an approval on Azure; raises DeploymentFailed.

    The commands are printed before they run, so that a user without the cloud's command line can run them elsewhere.
    """
    operations = operations or ImageOperations(deployment)
    stack = operations.stack
    try:
        with cli_failures():
            sentences = command_line(stack.spec.cloud).after_update(stack, operations.shell)
    except DeploymentFailed as failure:
        problem = f"the update completed, but a step after it failed: {failure.problem}"
        fix = f"{failure.fix}; then run `agent-platform up {deployment.name}` again, or run the command above on another machine"
        raise DeploymentFailed(failure.kind, problem, fix, failure.log, stack=deployment.name) from None
    if operations.on_host:
        operations.host_builds.remove_superseded()
        sentences = [*sentences, write_authority(deployment.folder, stack)]
    for sentence in sentences:
        if sentence:
            note(sentence)
