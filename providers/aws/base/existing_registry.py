"""Repositories of ECR that exist already: addresses, refusals, and what their owner must allow. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from providers.aws.base.image_sources import ECR_HOST
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, listed
from providers.contract.existing_registry import existing_registry, owner_decides, stored_images, written_image
from providers.contract.images import parse_image
from providers.contract.spec import Platform, Service

KEY = "registry.existing.aws.repositories"
ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):ecr:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):repository/(?P<name>[a-z0-9._/-]+)"
)


@dataclass(frozen=True)
class EcrRepository:
    """Repository of ECR."""

    account: str
    region: str
    name: str

    @property
    def host(self) -> str:
        """Host of the registry that the repository is in."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com{'.cn' if self.region.startswith('cn-') else ''}"

    @property
    def address(self) -> str:
        """Address of its images, without a tag."""
        return f"{self.host}/{self.name}"

    def arn(self, partition: str) -> str:
        """ARN in a partition."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.name}"


def existing_image(spec: Platform, service: Service) -> str | None:
    """Return the address of the repository that the block names for the image of a service."""
    repository = named_repositories(spec).get(parse_image(service.image).name)
    return repository.address if repository is not None else None


def named_repositories(spec: Platform) -> dict[str, EcrRepository]:
    """Return the existing repositories by the name of their image; empty where the platform creates its own."""
    existing = existing_registry(spec)
    if existing is None or existing.aws is None or spec.aws is None:
        return {}
    return {image: _repository(spec, text) for image, text in existing.aws.repositories.items()}


def _repository(spec: Platform, text: str) -> EcrRepository:
    match = ARN.fullmatch(text)
    if match is not None:
        return EcrRepository(match["account"], match["region"], match["name"])
    account, region = (spec.aws.account_id, spec.aws.region) if spec.aws is not None else ("", "")
    return EcrRepository(account, region, text)


def used_repositories(spec: Platform) -> tuple[EcrRepository, ...]:
    """Return the existing repositories of the services' images, each once, in the order of the services.

    They are read from the addresses, as names are those of the home region in the spec of the standby region, too.
    """
    found: dict[EcrRepository, None] = {}
    for image in stored_images(spec).values():
        host = ECR_HOST.fullmatch(image.registry or "")
        if host is not None:
            found[EcrRepository(host["account"], host["region"], image.name)] = None
    return tuple(found)


def existing_registry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Images without a repository, repositories without an image, and ARNs of another partition."""
    return [*_without_repository(spec), *_unused(spec), *_partitions(spec)]


def _without_repository(spec: Platform) -> Iterator[Diagnostic]:
    if not named_repositories(spec):
        return
    for name in spec.services:
        image = parse_image(written_image(spec, name))
        if image.registry is None and name not in spec.stored_images:
            problem = f"no repository is named for the image {image.name} of {name}"
            yield ConfigError(KEY, problem, f"add {image.name}, with the name or the ARN of its repository")


def _unused(spec: Platform) -> Iterator[Diagnostic]:
    images = {parse_image(written_image(spec, name)).name for name in spec.services}
    for image in named_repositories(spec):
        if image not in images:
            yield ConfigError(f"{KEY}.{image}", "no service has this image", "remove it, or correct its name")


def _partitions(spec: Platform) -> Iterator[Diagnostic]:
    existing = existing_registry(spec)
    region = spec.aws.region if spec.aws is not None else ""
    for image, text in existing.aws.repositories.items() if existing is not None and existing.aws is not None else ():
        match = ARN.fullmatch(text)
        if match is not None and match["partition"] != partition_of(region):
            problem = f"{match['partition']} is another partition than that of {region}, and roles work in one"
            yield ConfigError(f"{KEY}.{image}", problem, f"use a repository of {partition_of(region)}")


def partition_of(region: str) -> str:
    """Return the partition of a region: aws, aws-cn or aws-us-gov."""
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


def existing_registry_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what the owner of the repositories decides, and what the policies of those of other accounts must allow."""
    used = used_repositories(spec)
    return [owner_decides(listed((each.name for each in used), "and")), *_policies(spec)] if used else []


def _policies(spec: Platform) -> Iterator[Adjustment]:
    own = spec.aws.account_id if spec.aws is not None else ""
    for account in dict.fromkeys(each.account for each in used_repositories(spec)):
        if account != own:
            names = listed((each.name for each in used_repositories(spec) if each.account == account), "and")
            reason = (
                f"the repository policies in account {account} must let account {own} pull, and push where `up` builds images or a "
                "deployer pushes them; docs/existing.md has such a policy"
            )
            yield Adjustment(KEY, names, Effect.PARTIAL, reason)
