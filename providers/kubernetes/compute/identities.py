"""Identity of a service in the cloud that the cluster runs on. Pure.

EKS: IAM roles for service accounts (https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html).
GKE: Workload Identity Federation (https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity).
AKS: Microsoft Entra Workload ID (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
"""

from collections.abc import Mapping

from providers.contract.spec import Platform
from providers.kubernetes.context import block_of

ANNOTATIONS: Mapping[str, str] = {
    "eks": "eks.amazonaws.com/role-arn",
    "gke": "iam.gke.io/gcp-service-account",
    "aks": "azure.workload.identity/client-id",
}
"""Annotation of a service account by flavour; `other` clusters have none."""
AKS_LABEL = {"azure.workload.identity/use": "true"}
"""Label of the pods that AKS gives a token."""
METADATA_PORTS: Mapping[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "eks": (("169.254.170.23/32", (80,)),),
    "gke": (("169.254.169.254/32", (80, 988)), ("169.254.169.252/32", (987, 988))),
    "aks": (("169.254.169.254/32", (80,)),),
    "other": (),
}
"""Addresses and ports at which a pod obtains its token, by flavour; network policies open them for these pods alone."""


def identity_of(spec: Platform, service: str) -> str | None:
    """Return the cloud identity of a service; None for one without."""
    block = block_of(spec)
    uses_models = service in spec.services and "models" in spec.services[service].uses
    return block.identities.get(service) or (block.models_identity if uses_models else None)


def annotations_of(spec: Platform, service: str) -> Mapping[str, str]:
    """Return the annotations of the service account of a service."""
    identity, key = identity_of(spec, service), ANNOTATIONS.get(block_of(spec).flavour)
    return {key: identity} if identity and key else {}


def pod_labels(spec: Platform, service: str) -> Mapping[str, str]:
    """Return the labels that the pods of a service need for their identity."""
    return AKS_LABEL if block_of(spec).flavour == "aks" and identity_of(spec, service) else {}
