"""Registries of the services' images: this stack's repository, Google's registries, or a remote repository. Pure.

Cloud Run pulls only from Artifact Registry and its predecessor, Container Registry. A remote repository therefore
replaces every other registry; it fetches an image once and keeps it. It signs in with the credentials that the services name,
if any, so every image of one registry is fetched with the same login.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Upstream:
    """External registry, and the secret with its credentials (None for anonymous pulls)."""

    host: str
    credentials: str | None = None

    @property
    def slug(self) -> str:
        """`ghcr-io`: part of logical names and ids; without the login, so that a new login changes no repository."""
        return self.host.replace(".", "-").replace(":", "-")


def remote_repository_id(stack: str, upstream: Upstream) -> str:
    """`prod-ghcr-io`: remote repository of an external registry."""
    return f"{stack}-{upstream.slug}"


def images(spec: Platform) -> dict[str, Image]:
    """Image by service."""
    return {name: parse_image(service.image) for name, service in spec.services.items()}


def upstreams(spec: Platform) -> dict[str, Upstream]:
    """External registry by service; services whose images are in Google's registries have none."""
    hosts = {
        name: image.registry
        for name, image in images(spec).items()
        if image.registry is not None and not GOOGLE_HOST.fullmatch(image.registry)
    }
    logins: dict[str, str | None] = {}
    for name, host in hosts.items():
        logins[host] = logins.get(host) or spec.services[name].image_credentials
    return {name: Upstream(host, logins[host]) for name, host in hosts.items()}


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Refuse images that Artifact Registry can neither store nor fetch, and credentials that it does not use."""
    return [*_image_refusals(spec, stack), *_credential_refusals(spec)]


def registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report images that run from a remote repository."""
    return [
        Adjustment(
            f"services.{name}.image",
            requested=spec.services[name].image,
            effect=Effect.ADJUSTED,
            reason=f"pulled through a remote repository of Artifact Registry; {_access(upstream)}",
        )
        for name, upstream in upstreams(spec).items()
    ]


def _access(upstream: Upstream) -> str:
    if upstream.credentials:
        return f"it signs in to {upstream.host} with {upstream.credentials}"
    return f"{upstream.host} must allow anonymous pulls, or set image_credentials"


def _credential_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse a second login to a registry, and one to Google's, which Cloud Run reads with its service agent."""
    external = upstreams(spec)
    for name, image in images(spec).items():
        if spec.services[name].image_credentials is not None and image.registry is not None and name not in external:
            problem = f"Cloud Run reads {image.registry} with its service agent and not with a password"
            fix = "remove the key, and grant the project's Cloud Run service agent roles/artifactregistry.reader there"
            yield Unsupported("gcp", f"services.{name}.image_credentials", problem=problem, fix=fix)
    for name, upstream in external.items():
        login = spec.services[name].image_credentials
        if login not in (None, upstream.credentials):
            problem = f"images of {upstream.host} are fetched with {upstream.credentials}; a registry has one login"
            fix = f"use {upstream.credentials} for every image of {upstream.host}"
            yield Unsupported("gcp", f"services.{name}.image_credentials", problem=problem, fix=fix)


def _image_refusals(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    push = "push the image to the platform's registry and leave out the host"
    external = upstreams(spec)
    for name, image in images(spec).items():
        key, host = f"services.{name}.image", image.registry or ""
        if not IMAGE_PATH.fullmatch(image.name):
            problem = f"{displayed(image.name)} is not a valid image name for Artifact Registry"
            fix = "use lower-case letters and digits, separated by single dots, hyphens or slashes"
            yield Unsupported("gcp", key, problem=problem, fix=fix)
        if host.partition(":")[0] == "localhost":
            problem = f"{host} is a local registry; Artifact Registry fetches images over the internet"
            yield Unsupported("gcp", key, problem=problem, fix=push)
        elif name in external and len(remote_repository_id(stack, external[name])) > MAX_ID_CHARACTERS:
            problem = f"the id of the remote repository for {host} is longer than {MAX_ID_CHARACTERS} characters"
            yield Unsupported("gcp", key, problem=problem, fix=push)
