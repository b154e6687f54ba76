"""Artifact Registry repositories: one for the platform's images, one remote repository per external registry.

Cloud Run pulls through its service agent, which may read every repository of the project, so services need no grant.
Tags of the platform's repository are immutable, so the tested image is the one that runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.images import Image
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.image_sources import (
    DOCKER_HUB,
    external_hosts,
    images,
    platform_repository_id,
    remote_repository_id,
)
from providers.gcp.base.keys import GcpKeys
from providers.gcp.context import GcpContext

KEPT_IMAGES = 30
UNTAGGED_SECONDS = 7 * 24 * 3600
FORMAT = "DOCKER"


@dataclass(frozen=True)
class GcpRegistry:
    """Full image reference by service, and the repositories that must exist before Cloud Run can pull it."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_registry(scope: Scope, context: GcpContext, keys: GcpKeys, identity: GcpIdentity) -> GcpRegistry:
    """Create the platform's repository, and a remote repository for each external registry."""
    repositories: dict[str | None, gcp.artifactregistry.Repository] = {
        None: _create_platform_repository(scope, context, keys, identity)
    }
    for host in external_hosts(context.spec):
        repositories[host] = _create_remote_repository(scope, context, keys, host)
    service_images = images(context.spec)
    return GcpRegistry(
        images={
            name: _reference(repositories[image.registry], image)
            if image.registry in repositories
            else context.spec.services[name].image
            for name, image in service_images.items()
        },
        grants={
            name: (repositories[image.registry],) if image.registry in repositories else ()
            for name, image in service_images.items()
        },
    )


def _reference(repository: gcp.artifactregistry.Repository, image: Image) -> pulumi.Output[str]:
    """Return the reference from values that are known at preview."""
    host = pulumi.Output.concat(repository.location, "-docker.pkg.dev/", repository.project)
    return pulumi.Output.concat(host, "/", repository.repository_id, f"/{image.name}{image.suffix}")


def _create_platform_repository(
    scope: Scope, context: GcpContext, keys: GcpKeys, identity: GcpIdentity
) -> gcp.artifactregistry.Repository:
    repository = gcp.artifactregistry.Repository(
        scope.named(),
        project=context.project,
        location=context.region,
        repository_id=platform_repository_id(context.stack),
        description=f"Images of the stack {context.stack}",
        format=FORMAT,
        mode="STANDARD_REPOSITORY",
        docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
        kms_key_name=keys.usable["artifactregistry"],
        vulnerability_scanning_config=_scanning_config(),
        cleanup_policies=_cleanup_policies(),
        cleanup_policy_dry_run=False,
        opts=scope.opts(protect=context.production),
    )
    if identity.deployer is not None:
        gcp.artifactregistry.RepositoryIamMember(
            scope.named("deployer"),
            project=context.project,
            location=repository.location,
            repository=repository.name,
            role="roles/artifactregistry.writer",
            member=identity.deployer,
            opts=scope.opts(),
        )
    return repository


def _create_remote_repository(
    scope: Scope, context: GcpContext, keys: GcpKeys, host: str
) -> gcp.artifactregistry.Repository:
    repository_id = remote_repository_id(context.stack, host)
    return gcp.artifactregistry.Repository(
        scope.named(remote_repository_id("remote", host)),
        project=context.project,
        location=context.region,
        repository_id=repository_id,
        description=f"Cached images of {host}",
        format=FORMAT,
        mode="REMOTE_REPOSITORY",
        remote_repository_config=gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs(
            description=host, docker_repository=_upstream(host)
        ),
        kms_key_name=keys.usable["artifactregistry"],
        vulnerability_scanning_config=_scanning_config(),
        cleanup_policies=_cleanup_policies(),
        cleanup_policy_dry_run=False,
        opts=scope.opts(),
    )


def _upstream(host: str) -> gcp.artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryArgs:
    if host == DOCKER_HUB:
        return gcp.artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryArgs(public_repository="DOCKER_HUB")
    return gcp.artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryArgs(
        custom_repository=gcp.artifactregistry.RepositoryRemoteRepositoryConfigDockerRepositoryCustomRepositoryArgs(
            uri=f"https://{host}"
        )
    )


def _scanning_config() -> gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs:
    """Setting of the project: on, because `containerscanning` is enabled."""
    return gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs(enablement_config="INHERITED")


def _cleanup_policies() -> list[gcp.artifactregistry.RepositoryCleanupPolicyArgs]:
    """Delete untagged images after a week; KEEP has precedence, so the last versions of each image stay."""
    return [
        gcp.artifactregistry.RepositoryCleanupPolicyArgs(
            id="keep-last",
            action="KEEP",
            most_recent_versions=gcp.artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
                keep_count=KEPT_IMAGES
            ),
        ),
        gcp.artifactregistry.RepositoryCleanupPolicyArgs(
            id="drop-untagged",
            action="DELETE",
            condition=gcp.artifactregistry.RepositoryCleanupPolicyConditionArgs(
                tag_state="UNTAGGED", older_than=f"{UNTAGGED_SECONDS}s"
            ),
        ),
    ]
