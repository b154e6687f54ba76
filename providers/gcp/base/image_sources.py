"""Where Cloud Run pulls an image from: this stack's repository, Google's registries, or a copy of a foreign one. Pure.

Cloud Run pulls from Artifact Registry (and Google's older names for it) alone. A foreign registry is therefore stood
for by a remote repository, which fetches each image once and keeps it; it has no account there.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform

GOOGLE_HOST = re.compile(r"([a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io)")
DOCKER_HUB = "docker.io"
PATH = re.compile(r"([a-z0-9]+([._-]+[a-z0-9]+)*/)*[a-z0-9]+([._-]+[a-z0-9]+)*")
"""OCI distribution specification, `<name>`; Artifact Registry takes no capital letter."""
MOST_ID_CHARACTERS = 63
"""Of a repository: Artifact Registry API, `projects.locations.repositories.create`."""


def own_repository_id(stack: str) -> str:
    """`prod-images`: fixed, because CI pushes to it."""
    return f"{stack}-images"


def remote_repository_id(stack: str, host: str) -> str:
    """`prod-ghcr-io`: the repository that stands for a foreign registry."""
    return f"{stack}-{host.replace('.', '-').replace(':', '-')}"


def images(spec: Platform) -> dict[str, Image]:
    """Image by service."""
    return {name: parse_image(service.image) for name, service in spec.services.items()}


def foreign_hosts(spec: Platform) -> tuple[str, ...]:
    """Foreign registries of the platform, each once, in the order of the file."""
    hosts = (image.registry for image in images(spec).values())
    return tuple(dict.fromkeys(host for host in hosts if host is not None and not GOOGLE_HOST.fullmatch(host)))


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Images that Artifact Registry can neither hold nor fetch."""
    return list(_refusals(spec, stack))


def registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Images that run from a copy."""
    foreign = foreign_hosts(spec)
    return [
        legacy_adjustment(
            f"services.{name}.image",
            spec.services[name].image,
            f"the copy that Artifact Registry fetches, so {image.registry} must serve it to anybody",
        )
        for name, image in images(spec).items()
        if image.registry in foreign
    ]


def _refusals(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    for name, image in images(spec).items():
        path, reference, host = f"services.{name}.image", spec.services[name].image, image.registry or ""
        if not PATH.fullmatch(image.name):
            advice = (
                "Artifact Registry takes lower-case letters and digits, and between them single dots, hyphens, slashes"
            )
            yield legacy_unsupported("gcp", path, reference, advice)
        if host.partition(":")[0] == "localhost":
            advice = (
                "Artifact Registry fetches it over the internet; push the image to the platform's registry (no host)"
            )
            yield legacy_unsupported("gcp", path, reference, advice)
        elif len(remote_repository_id(stack, host)) > MOST_ID_CHARACTERS:
            advice = (
                f"the repository that stands for {host} would have a name of more than {MOST_ID_CHARACTERS} characters"
            )
            yield legacy_unsupported(
                "gcp", path, reference, f"{advice}; push the image to the platform's registry (no host)"
            )
