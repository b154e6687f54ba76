"""Registries of the services' images: this stack's repository, Google's registries, or a remote repository. Pure.

Cloud Run pulls only from Artifact Registry and its predecessor, Container Registry. A remote repository therefore
replaces every other registry; it fetches an image once, without credentials, and keeps it.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform

GOOGLE_HOST = re.compile(r"([a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io)")
DOCKER_HUB = "docker.io"
IMAGE_PATH = re.compile(r"([a-z0-9]+([._-]+[a-z0-9]+)*/)*[a-z0-9]+([._-]+[a-z0-9]+)*")
"""OCI distribution specification, `<name>`; Artifact Registry accepts lower-case letters only."""
MAX_ID_CHARACTERS = 63
"""Repository id: Artifact Registry API, `projects.locations.repositories.create`."""


def platform_repository_id(stack: str) -> str:
    """`prod-images`: fixed, because CI pushes to it."""
    return f"{stack}-images"


def remote_repository_id(stack: str, host: str) -> str:
    """`prod-ghcr-io`: remote repository of an external registry."""
    return f"{stack}-{host.replace('.', '-').replace(':', '-')}"


def images(spec: Platform) -> dict[str, Image]:
    """Image by service."""
    return {name: parse_image(service.image) for name, service in spec.services.items()}


def external_hosts(spec: Platform) -> tuple[str, ...]:
    """External registries of the platform without duplicates, in the order of the file."""
    hosts = (image.registry for image in images(spec).values())
    return tuple(dict.fromkeys(host for host in hosts if host is not None and not GOOGLE_HOST.fullmatch(host)))


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Refuse images that Artifact Registry can neither store nor fetch."""
    return list(_image_refusals(spec, stack))


def registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report images that run from a remote repository."""
    external = external_hosts(spec)
    return [
        Adjustment(
            f"services.{name}.image",
            requested=spec.services[name].image,
            effect=Effect.ADJUSTED,
            reason=f"pulled through a remote repository of Artifact Registry; {image.registry} must allow anonymous pulls",
        )
        for name, image in images(spec).items()
        if image.registry in external
    ]


def _image_refusals(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    push = "push the image to the platform's registry and leave out the host"
    for name, image in images(spec).items():
        key, host = f"services.{name}.image", image.registry or ""
        if not IMAGE_PATH.fullmatch(image.name):
            problem = f"{displayed(image.name)} is not a valid image name for Artifact Registry"
            fix = "use lower-case letters and digits, separated by single dots, hyphens or slashes"
            yield Unsupported("gcp", key, problem=problem, fix=fix)
        if host.partition(":")[0] == "localhost":
            problem = f"{host} is a local registry; Artifact Registry fetches images over the internet"
            yield Unsupported("gcp", key, problem=problem, fix=push)
        elif len(remote_repository_id(stack, host)) > MAX_ID_CHARACTERS:
            problem = f"the id of the remote repository for {host} is longer than {MAX_ID_CHARACTERS} characters"
            yield Unsupported("gcp", key, problem=problem, fix=push)
