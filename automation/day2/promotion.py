"""Promotion: proposes the image digests of one stack for another stack's file. Nothing is deployed.

Only the digest is promoted: the target stack keeps the repositories in its file, so it may use another registry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.day2.history import images_of_platform, images_of_update, last_successful_update
from automation.deploy.errors import DeploymentFailed, Failure
from automation.stack.document import StackDocument, read_stack, stack_file
from automation.stack.edit import Proposal
from automation.stack.folder import project_folder
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, displayed, listed
from providers.contract.images import parse_image

Images = Mapping[str, str]
"""Image references by service."""


@dataclass(frozen=True)
class ImageChanges:
    """Changed images by service, and notes for the reviewer."""

    images: Images
    notes: tuple[str, ...] = ()


def promote(
    source: str,
    target: str,
    folder: Path | None = None,
    *,
    from_file: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Proposal:
    """Propose a change of `target`'s stack file to the digests of the last successful update of `source`.

    `from_file` uses the digests in `source`'s stack file instead, which needs no engine. Raises InvalidConfiguration,
    and DeploymentFailed when the history cannot be read.
    """
    if source == target:
        fix = "name the stack to promote and the stack that receives its digests"
        raise InvalidConfiguration([ConfigError("promote", f"source and target are both {source}", fix)])
    project = project_folder(folder)
    document = StackDocument.load(stack_file(project, target))
    stack_file(project, source)
    shared = bool(document.stack(target).spec.stored_images)
    source_images = _images_in_file(project, source) if from_file else _images_in_history(project, source, environment)
    changes = image_changes(source, source_images, target, images_of_platform(document.platform), shared=shared)
    changed = document.with_overrides({f"services.{name}.image": image for name, image in changes.images.items()})
    changed.stack(target)
    return Proposal(document.path, document.text, changed.dump(), changes.notes)


def image_changes(
    source: str, source_images: Images, target: str, target_images: Images, *, shared: bool = False
) -> ImageChanges:
    """Return the images of the stack `target` with the digests of the stack `source`, and notes.

    Images without a host are in a registry of each stack, or for the target in one of others when it is `shared`.

    Raises InvalidConfiguration for an image without a digest, and for two stacks without a common service.
    """
    common = [name for name in target_images if name in source_images]
    if not common:
        problem = f"{source} and {target} have no service in common; {target} has {listed(target_images, 'and')}"
        raise InvalidConfiguration([ConfigError("promote", problem)])
    tagged = [name for name in common if parse_image(source_images[name]).digest is None]
    if tagged:
        raise InvalidConfiguration(_tag_error(source, name, source_images[name]) for name in tagged)
    promoted = {name: with_digest(target_images[name], source_images[name]) for name in common}
    changed = {name: image for name, image in promoted.items() if image != target_images[name]}
    return ImageChanges(changed, tuple(_notes(source, source_images, target, target_images, changed, shared=shared)))


def with_digest(image: str, source_image: str) -> str:
    """Return `image`'s repository with the digest of `source_image`."""
    return f"{parse_image(image).repository}@{parse_image(source_image).digest}"


def _images_in_file(folder: Path, source: str) -> Images:
    return images_of_platform(read_stack(folder, source).platform)


def _images_in_history(folder: Path, source: str, environment: Mapping[str, str] | None) -> Images:
    # Loads the SDK, which `from_file` does not need.
    from automation.deploy import Deployment

    try:
        history = Deployment(source, folder, environment=environment).history()
    except DeploymentFailed as failure:
        if failure.kind not in (Failure.NO_ENGINE, Failure.NO_LANGUAGE_HOST):
            raise
        fix = f"{failure.fix}, or use --from-file to promote the digests in {source}'s stack file"
        raise failure.with_fix(fix) from None
    return images_of_update(last_successful_update(source, history))


def _tag_error(source: str, name: str, image: str) -> ConfigError:
    problem = f"{displayed(image)} has no digest, and a tag may change"
    fix = f"deploy {source} with a digest, then promote it again"
    return ConfigError(f"{source}: services.{name}.image", problem, fix)


def _notes(
    source: str, source_images: Images, target: str, target_images: Images, changed: Images, *, shared: bool
) -> Iterator[str]:
    for unmatched, present, absent in (
        ([name for name in source_images if name not in target_images], source, target),
        ([name for name in target_images if name not in source_images], target, source),
    ):
        if unmatched:
            yield f"{listed(unmatched, 'and')}: in {present} but not in {absent}; not changed"
    for name in changed:
        source_image, target_image = parse_image(source_images[name]), parse_image(target_images[name])
        if source_image.repository != target_image.repository:
            yield (
                f"{name}: {target} uses the repository {target_image.repository}, {source} uses {source_image.repository}; "
                "both must contain the digest"
            )
        elif target_image.registry is None and shared:
            yield f"{name}: in the existing registry of {target}, which must contain the digest"
        elif target_image.registry is None:
            yield f"{name}: stored in the registry of each stack; push this digest to the registry of {target} before you deploy"
