"""Service accounts, one for each service, with the identity of the cloud that the cluster runs on.

No service account has a Role: services do not call the API server, and no pod mounts its token. On EKS and AKS a webhook
projects a separate token for the cloud, which works without the mounted one; on GKE the metadata server answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.registry import KubernetesRegistry
from providers.kubernetes.base.secrets import metadata
from providers.kubernetes.context import KubernetesContext, annotations_of


@dataclass(frozen=True)
class KubernetesIdentity:
    """Service account of each service, by name."""

    services: Mapping[str, "kubernetes.core.v1.ServiceAccount"]


def create_identity(
    scope: Scope, context: KubernetesContext, registry: KubernetesRegistry, namespace: pulumi.Resource
) -> KubernetesIdentity:
    """Service account of every service."""
    return KubernetesIdentity(
        {name: create_account(scope, context, name, registry, namespace) for name in context.spec.services}
    )


def create_account(
    scope: Scope, context: KubernetesContext, name: str, registry: KubernetesRegistry, namespace: pulumi.Resource
) -> "kubernetes.core.v1.ServiceAccount":
    """Service account `name`, which pulls images with every pull secret of the platform."""
    pull_secrets = [kubernetes.core.v1.LocalObjectReferenceArgs(name=secret) for secret in registry.pull_secrets]
    return kubernetes.core.v1.ServiceAccount(
        scope.named(name),
        metadata=metadata(scope, context, name, name, annotations=annotations_of(context.spec, name)),
        automount_service_account_token=False,
        image_pull_secrets=pull_secrets or None,
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[namespace]),
    )
