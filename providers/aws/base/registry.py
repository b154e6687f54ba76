"""ECR repositories for images that name no registry host, and permissions to pull images.

Tags are immutable, so the tested image is the one that runs. The repositories' names are fixed: CI pushes to them
before a service can start. An image from another ECR repository gets its own pull permission; ECS pulls from other
registries anonymously, or with the secret that `image_credentials` names (compute/resources.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document
from providers.aws.base.identity import AwsIdentity
from providers.aws.base.image_sources import external_repository_arn, repository_name
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.contract.component import Scope
from providers.contract.images import own_images, parse_image

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
UNTAGGED_DAYS = 7
TAGGED_IMAGES = 30


@dataclass(frozen=True)
class AwsRegistry:
    """Full image reference by service, and the policies that let its execution role pull it."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_registry(scope: Scope, context: AwsContext, keys: AwsKeys, identity: AwsIdentity) -> AwsRegistry:
    """Declare one immutable, scanned repository per distinct image without a registry host."""
    return grant_pulls(scope, context, create_repositories(scope, context, keys.data), identity)


def create_repositories(scope: Scope, context: AwsContext, key: pulumi.Input[str]) -> dict[str, aws.ecr.Repository]:
    """Declare the repositories of a region by image name; `images push` copies each image to the standby region.

    Replication by ECR is one configuration for the whole registry of a region, so a stack would overwrite that of others.
    """
    names = dict.fromkeys(image.name for image in own_images(context.spec).values())
    return {name: _repository(scope, context, key, name) for name in names}


def grant_pulls(
    scope: Scope, context: AwsContext, repositories: Mapping[str, aws.ecr.Repository], identity: AwsIdentity
) -> AwsRegistry:
    """Declare the pull permission of each service, and return the images of the region."""
    own = own_images(context.spec)
    images: dict[str, pulumi.Input[str]] = {}
    grants: dict[str, tuple[pulumi.Resource, ...]] = {}
    for service, spec in context.spec.services.items():
        image = parse_image(spec.image)
        repository = repositories[image.name] if service in own else None
        given = context.values.image(context.spec, service)
        images[service] = pulumi.Output.concat(repository.repository_url, image.suffix) if repository else given
        arn = repository.arn if repository else _external_arn(context, given)
        grants[service] = (_pull(scope, service, identity.execution[service], arn),) if arn is not None else ()
    return AwsRegistry(images, grants)


def _external_arn(context: AwsContext, image: pulumi.Input[str]) -> pulumi.Input[str] | None:
    """Return the repository in ECR of an image that is not the platform's; None for one in another registry.

    The registry of an Output is known during the update only, so there is an ARN in any case: one of no repository.
    """
    if isinstance(image, str):
        return external_repository_arn(parse_image(image), context.partition)
    nothing = context.arn("ecr", "repository/none")
    return pulumi.Output.from_input(image).apply(
        lambda text: external_repository_arn(parse_image(text), context.partition) or nothing
    )


def _repository(scope: Scope, context: AwsContext, key: pulumi.Input[str], name: str) -> aws.ecr.Repository:
    repository = aws.ecr.Repository(
        scope.named(name),
        name=repository_name(context.stack, name),
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
        encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key)],
        # images outside production can be built again, and ECR refuses to delete a repository that contains one
        force_delete=not context.production,
        opts=scope.opts(),
    )
    aws.ecr.LifecyclePolicy(
        scope.named(f"{name}-retention"),
        repository=repository.name,
        policy=pulumi.Output.json_dumps({"rules": [_untagged(), _surplus()]}),
        opts=scope.opts(),
    )
    return repository


def _untagged() -> dict[str, object]:
    return {
        "rulePriority": 1,
        "description": f"untagged images go after {UNTAGGED_DAYS} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }


def _surplus() -> dict[str, object]:
    return {
        "rulePriority": 2,
        "description": f"the last {TAGGED_IMAGES} images stay",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": TAGGED_IMAGES},
        "action": {"type": "expire"},
    }


def _pull(scope: Scope, service: str, role: aws.iam.Role, repository: pulumi.Input[str]) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{service}-pull"),
        role=role.name,
        policy=document(
            # the authorization token is not tied to a repository: ECR has no resource for it
            allow("ecr:GetAuthorizationToken", "*"),
            allow(PULL, repository),
        ),
        opts=scope.opts(),
    )
