"""Which digests one stack's images give to another's. Pure.

What is handed on is the digest: a stack keeps the repository that its own file names, so a registry of its own stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.diagnostics import ConfigError, InvalidConfiguration, legacy_error, listed
from providers.contract.images import parse_image


@dataclass(frozen=True)
class Handover:
    """The images that change, by service, and what to know before agreeing."""

    images: Mapping[str, str]
    notes: tuple[str, ...] = ()


def handover(source: str, given: Mapping[str, str], target: str, taken: Mapping[str, str]) -> Handover:
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
    images = {name: pinned(taken[name], given[name]) for name in shared}
    changed = {name: image for name, image in images.items() if image != taken[name]}
    return Handover(changed, tuple(_notes(source, given, target, taken, changed)))


def pinned(taken: str, given: str) -> str:
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
