"""Promote: the digests that run in one stack proposed for the next, as a change of its stack file. Nothing is deployed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from automation.day2.history import images_in, images_of, last_successful
from automation.day2.promoted_images import handover
from automation.stack.document import read_stack, stack_of
from automation.stack.edit import config_of, with_config
from automation.stack.folders import overridden, stack_file
from automation.stack.proposal import Proposal
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
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
    found = handover(source, given, target, images_in(platform))
    wanted = overridden(platform, {f"services.{name}.image": image for name, image in found.images.items()})
    after = with_config(text, path.name, {**config, PLATFORM_KEY: wanted})
    stack_of(target, config_of(after, path.name))
    return Proposal(path, text, after, found.notes)


def _of_file(folder: Path, source: str) -> Mapping[str, str]:
    return images_in(cast("Raw", json.loads(read_stack(folder, source).config[PLATFORM_KEY])))


def _of_history(folder: Path, source: str, environment: Mapping[str, str] | None) -> Mapping[str, str]:
    from automation.deploy import Deployment, DeploymentFailed, Failure

    try:
        history = Deployment(source, folder, environment=environment).history()
    except DeploymentFailed as failure:
        if failure.kind not in (Failure.NO_ENGINE, Failure.NO_LANGUAGE_HOST):
            raise
        advice = f"{failure.advice}, or take the digests of {source}'s stack file with --from-file"
        raise DeploymentFailed(failure.kind, failure.sentence, advice, failure.log) from None
    return images_of(last_successful(source, history))
