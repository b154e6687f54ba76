"""Image references taken apart, by the rule of the container registries' own clients. Pure.

`ghcr.io/acme/gateway:1` names a registry, `acme/gateway:1` does not: the part before the first slash is a registry's
host when it contains a dot or a colon, or is `localhost`. Images without one live in the platform's own registry.
"""

from dataclasses import dataclass


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
        """What pins the image in its repository: `@sha256:...` when there is a digest, else `:tag`, else nothing.

        A digest wins over a tag beside it, as it does for the registries.
        """
        if self.digest is not None:
            return f"@{self.digest}"
        return f":{self.tag}" if self.tag is not None else ""


def parse_image(reference: str) -> Image:
    """Registry, name, tag and digest of an image reference."""
    path, _, digest = reference.partition("@")
    first, slash, rest = path.partition("/")
    has_registry = bool(slash) and (first == "localhost" or any(mark in first for mark in ".:"))
    name, _, tag = (rest if has_registry else path).partition(":")
    return Image(first if has_registry else None, name, tag or None, digest or None)
