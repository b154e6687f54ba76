"""Where an image is pulled from: the platform's own registry, or another one that serves it to anybody. Pure."""

import re

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform

REPOSITORY = re.compile(r"([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*")
REPOSITORY_LIMIT = 256
"""Microsoft Learn, "Azure Container Registry service limits" and "Naming conventions of repositories"."""
MICROSOFT_REGISTRY = "mcr.microsoft.com"
"""Reached by its service tag even without a way out."""


def own_images(spec: Platform) -> dict[str, Image]:
    """By service, the images that name no registry and so live in the platform's own."""
    images = {name: parse_image(service.image) for name, service in spec.services.items()}
    return {name: image for name, image in images.items() if image.registry is None}


def registry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Images whose repository the registry does not take, and images that nothing leads to."""
    return [*_names(spec), *_out_of_reach(spec)]


def _names(spec: Platform) -> list[Diagnostic]:
    advice = (
        "names a repository in the container registry: take lower-case letters and digits, single dots, hyphens and "
        f"underscores between them, slashes between words, at most {REPOSITORY_LIMIT} characters before the tag"
    )
    return [
        legacy_unsupported("azure", f"services.{name}.image", spec.services[name].image, advice)
        for name, image in own_images(spec).items()
        if not REPOSITORY.fullmatch(image.name) or len(image.name) > REPOSITORY_LIMIT
    ]


def _out_of_reach(spec: Platform) -> list[Diagnostic]:
    if spec.network.egress != "none":
        return []
    advice = (
        "without egress only the platform's own registry can be reached; bring the image there and drop the host, "
        "or set network.egress to per_zone or single"
    )
    return [
        legacy_unsupported("azure", f"services.{name}.image", service.image, advice)
        for name, service in spec.services.items()
        if parse_image(service.image).registry not in (None, MICROSOFT_REGISTRY)
    ]
