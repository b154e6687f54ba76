"""Where an image is pulled from: this stack's ECR repository, another ECR repository, or a foreign registry. Pure."""

import re

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform

ECR_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
REPOSITORY = re.compile(r"([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*")
REPOSITORY_LIMIT = 256
"""Amazon ECR API reference, `CreateRepository`: pattern and length of `repositoryName`."""


def repository_name(stack: str, image: str) -> str:
    """`agent-platform/<stack>/<image>`: fixed, because CI pushes to it and the deploy role is scoped by it."""
    return f"agent-platform/{stack}/{image}"


def own_images(spec: Platform) -> dict[str, Image]:
    """By service, the images that name no registry and so live in the platform's own."""
    images = {name: parse_image(service.image) for name, service in spec.services.items()}
    return {name: image for name, image in images.items() if image.registry is None}


def foreign_repository(image: Image, partition: str) -> str | None:
    """ARN of a repository that another stack or account keeps in ECR; None for an image from anywhere else."""
    host = ECR_HOST.fullmatch(image.registry or "")
    if host is None:
        return None
    return f"arn:{partition}:ecr:{host['region']}:{host['account']}:repository/{image.name}"


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Images of the own registry whose name ECR does not take."""
    limit = REPOSITORY_LIMIT - len(repository_name(stack, ""))
    advice = (
        "names a repository in ECR: take lower-case letters and digits, single dots, hyphens and underscores between "
        f"them, slashes between words, at most {limit} characters before the tag"
    )
    return [
        legacy_unsupported("aws", f"services.{name}.image", spec.services[name].image, advice)
        for name, image in own_images(spec).items()
        if not REPOSITORY.fullmatch(image.name) or len(image.name) > limit
    ]
