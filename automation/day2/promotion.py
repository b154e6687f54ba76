"""Promote: the digests that run in one stack proposed for the next, as a change of its stack file. Nothing is deployed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from automation.day2.history import images_of_platform, images_of_update, last_successful_update
from automation.stack.document import read_stack, stack_of
from automation.stack.edit import config_of, with_config
from automation.stack.folders import overridden, stack_file
from automation.stack.proposal import Proposal
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, legacy_error, listed
from providers.contract.images import parse_image
from providers.contract.spec.defaults import Raw


def promote(
    source: str,
    target: str,
    folder: Path | None = None,
    *,
    from_file: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Proposal:
    """The change of `target`'s stack file that gives it the digests of the last successful update of `source`.

    `from_file` takes them from `source`'s stack file instead, which needs no engine. Raises InvalidConfiguration, and
    DeploymentFailed where the history cannot be read.
    """
    if source == target:
        raise InvalidConfiguration(
            [legacy_error("promote", source, "is one stack; name the one to promote and the next")]
        )
    here = (folder or Path.cwd()).absolute()
    path = stack_file(here, target)
    stack_file(here, source)
    text = path.read_text(encoding="utf-8")
    config = config_of(text, path.name)
    platform = cast("Raw", config.get(PLATFORM_KEY))
    read_stack(here, target)
    given = _of_file(here, source) if from_file else _of_history(here, source, environment)
    found = image_changes(source, given, target, images_of_platform(platform))
    wanted = overridden(platform, {f"services.{name}.image": image for name, image in found.images.items()})
    after = with_config(text, path.name, {**config, PLATFORM_KEY: wanted})
    stack_of(target, config_of(after, path.name))
    return Proposal(path, text, after, found.notes)


def _of_file(folder: Path, source: str) -> Mapping[str, str]:
    return images_of_platform(cast("Raw", json.loads(read_stack(folder, source).config[PLATFORM_KEY])))


def _of_history(folder: Path, source: str, environment: Mapping[str, str] | None) -> Mapping[str, str]:
    from automation.deploy import Deployment, DeploymentFailed, Failure

    try:
        history = Deployment(source, folder, environment=environment).history()
    except DeploymentFailed as failure:
        if failure.kind not in (Failure.NO_ENGINE, Failure.NO_LANGUAGE_HOST):
            raise
        advice = f"{failure.fix}, or take the digests of {source}'s stack file with --from-file"
        raise DeploymentFailed(failure.kind, failure.problem, advice, failure.log) from None
    return images_of_update(last_successful_update(source, history))


@dataclass(frozen=True)
class ImageChanges:
    """The images that change, by service, and what to know before agreeing."""

    images: Mapping[str, str]
    notes: tuple[str, ...] = ()


def image_changes(source: str, given: Mapping[str, str], target: str, taken: Mapping[str, str]) -> ImageChanges:
    """The digests of `given` (images of the stack `source` by service) for the images `taken` of the stack `target`.

    Raises InvalidConfiguration for an image without a digest, and for two stacks that share no service.
    """
    shared = [name for name in taken if name in given]
    if not shared:
        advice = f"shares no service with {target}, which has {listed(taken, 'and')}"
        raise InvalidConfiguration([legacy_error("promote", source, advice)])
    tagged = [name for name in shared if parse_image(given[name]).digest is None]
    if tagged:
        raise InvalidConfiguration(_tagged(source, name, given[name]) for name in tagged)
    images = {name: with_digest(taken[name], given[name]) for name in shared}
    changed = {name: image for name, image in images.items() if image != taken[name]}
    return ImageChanges(changed, tuple(_notes(source, given, target, taken, changed)))


def with_digest(taken: str, given: str) -> str:
    """`taken`'s repository at `given`'s digest."""
    return f"{parse_image(taken).repository}@{parse_image(given).digest}"


def _tagged(source: str, name: str, image: str) -> ConfigError:
    advice = f"is a tag, which may mean another image tomorrow; deploy {source} with its digest, then promote again"
    return legacy_error(f"{source}: services.{name}.image", image, advice)


def _notes(
    source: str, given: Mapping[str, str], target: str, taken: Mapping[str, str], changed: Mapping[str, str]
) -> Iterator[str]:
    for alone, there, missing in (
        ([name for name in given if name not in taken], source, target),
        ([name for name in taken if name not in given], target, source),
    ):
        if alone:
            yield f"{listed(alone, 'and')}: in {there} and not in {missing}, so nothing is changed there"
    for name in changed:
        before, after = parse_image(given[name]), parse_image(taken[name])
        if before.repository != after.repository:
            yield f"{name}: {target} takes it from {after.repository}, {source} from {before.repository}; the digest must be in both"
        elif after.registry is None:
            yield f"{name}: lives in each stack's own registry; push this digest to {target}'s before you deploy"
