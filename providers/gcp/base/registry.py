"""Images by digest: Artifact Registry, for images of our own and for those that live elsewhere.

Cloud Run pulls through its own agent, which may read every repository of the project, so no service needs a grant. A
remote repository stands for each foreign registry, because Cloud Run pulls from no other: it fetches an image once and
keeps it. Tags of our own are immutable, so what was tested is what runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.images import Image
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.image_sources import DOCKER_HUB, foreign_hosts, images, own_repository_id, remote_repository_id
from providers.gcp.base.keys import GcpKeys
from providers.gcp.context import GcpContext

KEPT_IMAGES = 30
UNTAGGED_SECONDS = 7 * 24 * 3600
FORMAT = "DOCKER"


@dataclass(frozen=True)
class GcpRegistry:
    """Full image reference by service, and what must stand before Cloud Run can pull it."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_registry(scope: Scope, context: GcpContext, keys: GcpKeys, identity: GcpIdentity) -> GcpRegistry:
    """One repository for the platform's own images, one remote repository per foreign registry."""
    repositories: dict[str | None, gcp.artifactregistry.Repository] = {None: _own(scope, context, keys, identity)}
    repositories |= {host: _remote(scope, context, keys, host) for host in foreign_hosts(context.spec)}
    wanted = images(context.spec)
    return GcpRegistry(
        images={
            name: _reference(repositories[image.registry], image)
            if image.registry in repositories
            else context.spec.services[name].image
            for name, image in wanted.items()
        },
        grants={
            name: (repositories[image.registry],) if image.registry in repositories else ()
            for name, image in wanted.items()
        },
    )


def _reference(repository: gcp.artifactregistry.Repository, image: Image) -> pulumi.Output[str]:
    """Put together from what is known beforehand, so that a preview shows the image whole."""
    host = pulumi.Output.concat(repository.location, "-docker.pkg.dev/", repository.project)
    return pulumi.Output.concat(host, "/", repository.repository_id, f"/{image.name}{image.suffix}")


def _own(scope: Scope, context: GcpContext, keys: GcpKeys, identity: GcpIdentity) -> gcp.artifactregistry.Repository:
    repository = gcp.artifactregistry.Repository(
        scope.named(),
        project=context.project,
        location=context.region,
        repository_id=own_repository_id(context.stack),
        description=f"Images of the stack {context.stack}",
        format=FORMAT,
        mode="STANDARD_REPOSITORY",
        docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
        kms_key_name=keys.usable["artifactregistry"],
        vulnerability_scanning_config=_scanned(),
        cleanup_policies=_cleanup(),
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


def _remote(scope: Scope, context: GcpContext, keys: GcpKeys, host: str) -> gcp.artifactregistry.Repository:
    repository_id = remote_repository_id(context.stack, host)
    return gcp.artifactregistry.Repository(
        scope.named(remote_repository_id("remote", host)),
        project=context.project,
        location=context.region,
        repository_id=repository_id,
        description=f"Copies of images of {host}",
        format=FORMAT,
        mode="REMOTE_REPOSITORY",
        remote_repository_config=gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs(
            description=host, docker_repository=_upstream(host)
        ),
        kms_key_name=keys.usable["artifactregistry"],
        vulnerability_scanning_config=_scanned(),
        cleanup_policies=_cleanup(),
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


def _scanned() -> gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs:
    """As the project has it: on, since `containerscanning` is enabled."""
    return gcp.artifactregistry.RepositoryVulnerabilityScanningConfigArgs(enablement_config="INHERITED")


def _cleanup() -> list[gcp.artifactregistry.RepositoryCleanupPolicyArgs]:
    """Untagged images go after a week; the last of each image stay whatever happens, for keeping wins."""
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
