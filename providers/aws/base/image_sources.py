"""Sources of images: the stack's ECR repositories, other ECR repositories, and third-party registries. Pure."""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed
from providers.contract.images import Image, own_images, parse_image
from providers.contract.spec import Platform

ECR_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
REPOSITORY = re.compile(r"([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*")
ANONYMOUS_REGISTRIES = ("public.ecr.aws", "mcr.microsoft.com", "registry.k8s.io")
"""Registries without private images."""
REPOSITORY_LIMIT = 256
"""Amazon ECR API reference, `CreateRepository`: pattern and length of `repositoryName`."""


def repository_name(stack: str, image: str) -> str:
    """`agent-platform/<stack>/<image>`: fixed, because CI pushes to it and the deployer role is limited to it."""
    return f"agent-platform/{stack}/{image}"


def external_repository_arn(image: Image, partition: str) -> str | None:
    """ARN of an ECR repository of another stack or account; None for an image from any other registry."""
    host = ECR_HOST.fullmatch(image.registry or "")
    if host is None:
        return None
    return f"arn:{partition}:ecr:{host['region']}:{host['account']}:repository/{image.name}"


def registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Images that another registry or account must let this one pull."""
    return list(_registry_adjustments(spec))


def _registry_adjustments(spec: Platform) -> Iterator[Adjustment]:
    account = spec.aws.account_id if spec.aws else ""
    for name, service in spec.services.items():
        image = parse_image(service.image)
        if name in spec.stored_images:
            continue
        host = ECR_HOST.fullmatch(image.registry or "")
        if host is not None and host["account"] != account:
            reason = f"the policy of the repository in account {host['account']} must let account {account} pull"
        elif image.registry is None or host is not None or image.registry in ANONYMOUS_REGISTRIES:
            continue
        elif service.image_credentials is None:
            reason = (
                f"pulled without credentials, so {image.registry} must allow anonymous pulls; for a private image name a "
                "secret in image_credentials"
            )
        else:
            continue
        yield Adjustment(f"services.{name}.image", requested=service.image, effect=Effect.PARTIAL, reason=reason)


def registry_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Images in the stack's own registry whose name ECR rejects, and credentials for ECR."""
    return [*_name_refusals(spec, stack), *_credential_refusals(spec)]


def _credential_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        registry = parse_image(service.image).registry
        if service.image_credentials is not None and ECR_HOST.fullmatch(registry or ""):
            problem = "ECR accepts no user name and password; the service's execution role pulls the image"
            yield Unsupported("aws", f"services.{name}.image_credentials", problem, fix="remove it")


def _name_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
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
