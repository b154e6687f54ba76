"""Sources of images: the stack's ECR repositories, other ECR repositories, and third-party registries. Pure."""

import re

from providers.contract.diagnostics import Diagnostic, Unsupported, displayed
from providers.contract.images import Image, parse_image
from providers.contract.spec import Platform

ECR_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
REPOSITORY = re.compile(r"([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*")
REPOSITORY_LIMIT = 256
"""Amazon ECR API reference, `CreateRepository`: pattern and length of `repositoryName`."""


def repository_name(stack: str, image: str) -> str:
    """`agent-platform/<stack>/<image>`: fixed, because CI pushes to it and the deployer role is limited to it."""
    return f"agent-platform/{stack}/{image}"


def own_images(spec: Platform) -> dict[str, Image]:
    """Images without a registry host by service; they are stored in the stack's own repositories."""
    images = {name: parse_image(service.image) for name, service in spec.services.items()}
    return {name: image for name, image in images.items() if image.registry is None}


def external_repository_arn(image: Image, partition: str) -> str | None:
    """ARN of an ECR repository of another stack or account; None for an image from any other registry."""
    host = ECR_HOST.fullmatch(image.registry or "")
    if host is None:
        return None
    return f"arn:{partition}:ecr:{host['region']}:{host['account']}:repository/{image.name}"


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Images in the stack's own registry whose name ECR rejects."""
    max_characters = REPOSITORY_LIMIT - len(repository_name(stack, ""))
    fix = (
        "use lower-case letters and digits with single dots, hyphens or underscores between them, slashes between words, "
        f"and at most {max_characters} characters before the tag"
    )
    return [
        Unsupported("aws", f"services.{name}.image", f"{displayed(image.name)} is no repository name of ECR", fix)
        for name, image in own_images(spec).items()
        if not REPOSITORY.fullmatch(image.name) or len(image.name) > max_characters
    ]
