"""Artifact Registry repositories: one for the platform's images, one remote repository per external registry and login.

Cloud Run pulls through its service agent, which may read every repository of the project, so services need no grant.
Tags of the platform's repository are immutable, so the tested image is the one that runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.credentials import image_credentials
from providers.contract.images import Image
from providers.gcp.base.existing_registry import existing_repository
from providers.gcp.base.identity import GcpIdentity
from providers.gcp.base.image_sources import (
    DOCKER_HUB,
    Upstream,
    images,
    platform_repository_id,
    remote_repository_id,
    upstreams,
)
from providers.gcp.base.keys import GcpKeys
from providers.gcp.base.secrets import store_secret, version_name
from providers.gcp.context import GcpContext

KEPT_IMAGES = 30
UNTAGGED_SECONDS = 7 * 24 * 3600
FORMAT = "DOCKER"

UpstreamCredentials = gcp.artifactregistry.RepositoryRemoteRepositoryConfigUpstreamCredentialsArgs


@dataclass(frozen=True)
class GcpRegistry:
    """Full image reference by service, and the repositories that must exist before Cloud Run can pull it."""

    images: Mapping[str, pulumi.Input[str]]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_registry(
    scope: Scope,
    context: GcpContext,
    keys: GcpKeys,
    identity: GcpIdentity,
    own: gcp.artifactregistry.Repository | None = None,
) -> GcpRegistry:
    """Create the platform's repository unless one exists, and a remote repository for each external registry."""
    existing = existing_repository(context.spec)
    if existing is None and own is None:
        own = create_platform_repository(scope, context, keys.usable["artifactregistry"])
    if identity.deployer is not None and own is not None:
        allow_pushes(scope, context, own.location, own.name, identity.deployer)
    if identity.deployer is not None and existing is not None:
        allow_pushes(scope, context, existing.location, existing.name, identity.deployer, existing.project)
    external = upstreams(context.spec)
    remotes = {
        upstream: _create_remote_repository(scope, context, keys, upstream)
        for upstream in dict.fromkeys(external.values())
    }
    references: dict[str, pulumi.Input[str]] = {}
    grants: dict[str, tuple[pulumi.Resource, ...]] = {}
    for name, image in images(context.spec).items():
        repository = remotes[external[name]] if name in external else own if image.registry is None else None
        references[name] = _reference(repository, image) if repository else context.values.image(context.spec, name)
        grants[name] = (repository,) if repository else ()
    return GcpRegistry(references, grants)


def _reference(repository: gcp.artifactregistry.Repository, image: Image) -> pulumi.Output[str]:
    """Return the reference from values that are known at preview."""
    host = pulumi.Output.concat(repository.location, "-docker.pkg.dev/", repository.project)
    return pulumi.Output.concat(host, "/", repository.repository_id, f"/{image.name}{image.suffix}")


def create_platform_repository(
    scope: Scope, context: GcpContext, key: pulumi.Input[str]
) -> gcp.artifactregistry.Repository:
    """Create the repository of the platform's images, with the same id in each region."""
    return gcp.artifactregistry.Repository(
        scope.named(),
        project=context.project,
        location=context.region,
        repository_id=platform_repository_id(context.stack),
        description=f"Images of the stack {context.stack}",
        format=FORMAT,
        mode="STANDARD_REPOSITORY",
        docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
        kms_key_name=key,
        vulnerability_scanning_config=_scanning_config(),
        cleanup_policies=_cleanup_policies(),
        cleanup_policy_dry_run=False,
        opts=scope.opts(protect=context.production),
    )


def allow_pushes(
    scope: Scope,
    context: GcpContext,
    location: pulumi.Input[str],
    repository: pulumi.Input[str],
    deployer: pulumi.Input[str],
    project: str | None = None,
) -> None:
    """Grant the deployer pushes to a repository; `project` is that of one that exists already."""
    gcp.artifactregistry.RepositoryIamMember(
        scope.named("deployer"),
        project=project or context.project,
        location=location,
        repository=repository,
        role="roles/artifactregistry.writer",
        member=deployer,
        opts=scope.opts(),
    )


def _create_remote_repository(
    scope: Scope, context: GcpContext, keys: GcpKeys, upstream: Upstream
) -> gcp.artifactregistry.Repository:
    credentials, grants = _upstream_credentials(scope, context, keys, upstream)
    return gcp.artifactregistry.Repository(
        scope.named(remote_repository_id("remote", upstream)),
        project=context.project,
        location=context.region,
        repository_id=remote_repository_id(context.stack, upstream),
        description=f"Cached images of {upstream.host}",
        format=FORMAT,
        mode="REMOTE_REPOSITORY",
        remote_repository_config=gcp.artifactregistry.RepositoryRemoteRepositoryConfigArgs(
            description=upstream.host,
            docker_repository=_upstream(upstream.host),
            upstream_credentials=credentials,
        ),
        kms_key_name=keys.usable["artifactregistry"],
        vulnerability_scanning_config=_scanning_config(),
        cleanup_policies=_cleanup_policies(),
        cleanup_policy_dry_run=False,
        # the repository checks the credentials when it is created
        opts=scope.opts(depends_on=grants),
    )


def _upstream_credentials(
    scope: Scope, context: GcpContext, keys: GcpKeys, upstream: Upstream
) -> tuple[UpstreamCredentials | None, tuple[pulumi.Resource, ...]]:
    """Return the user name and the stored password, and the resources that the repository needs to read it.

    Every registry accepts these (Artifact Registry documentation, "Configure authentication to upstream sources for remote
    repositories"); the repository takes the password from a version, so a new one updates it in place.
    """
    if upstream.credentials is None:
        return None, ()
    login = image_credentials(context.values.secret(upstream.credentials))
    agent = "registry"
    readers = {agent: keys.agents["artifactregistry"]}
    name = f"credentials-{upstream.slug}"
    stored = store_secret(scope, context, keys.usable["secretmanager"], name, login.password, readers)
    pair = gcp.artifactregistry.RepositoryRemoteRepositoryConfigUpstreamCredentialsUsernamePasswordCredentialsArgs(
        username=login.username, password_secret_version=version_name(context, stored)
    )
    return UpstreamCredentials(username_password_credentials=pair), stored.prerequisites(agent)


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
