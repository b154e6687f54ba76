"""Parsing of container image references, by the rules of the registry clients. Pure.

`ghcr.io/acme/gateway:1` names a registry, `acme/gateway:1` does not: the part before the first slash is a registry host
when it contains a dot or a colon, or is `localhost`. Images without a host are in the registry of the platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line reads logins of registries at its start, without the specification
    from providers.contract.spec import Platform


@dataclass(frozen=True)
class Image:
    """`registry/name:tag@digest`; registry, tag and digest are None where the reference leaves them out."""

    registry: str | None
    name: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """Registry and name, without tag and digest."""
        return f"{self.registry}/{self.name}" if self.registry else self.name

    @property
    def suffix(self) -> str:
        """Suffix after the repository: `@sha256:...` when there is a digest, else `:tag`, else nothing.

        A digest takes precedence over a tag, as in the registries.
        """
        if self.digest is not None:
            return f"@{self.digest}"
        return f":{self.tag}" if self.tag is not None else ""


def registry_login(value: str) -> tuple[str, str]:
    """Return user name and password of a secret of the form `username:password`; a missing part is empty."""
    username, _, password = value.partition(":")
    return username, password


def parse_image(reference: str) -> Image:
    """Parse an image reference into registry, name, tag and digest."""
    path, _, digest = reference.partition("@")
    first, slash, rest = path.partition("/")
    has_registry = bool(slash) and (first == "localhost" or any(mark in first for mark in ".:"))
    name, _, tag = (rest if has_registry else path).partition(":")
    return Image(first if has_registry else None, name, tag or None, digest or None)


def own_images(spec: Platform) -> dict[str, Image]:
    """Return by service the images without a registry host, which the platform's registry stores."""
    images = {name: parse_image(service.image) for name, service in spec.services.items()}
    return {name: image for name, image in images.items() if image.registry is None}


def other_registries(spec: Platform) -> dict[str, str]:
    """Return by service the registry host of the images that the platform's registry does not store."""
    images = {name: parse_image(service.image) for name, service in spec.services.items()}
    return {name: image.registry for name, image in images.items() if image.registry is not None}
