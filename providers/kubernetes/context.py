"""Context of a cluster: block, namespace, labels and addresses. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from providers.contract.context import RegionContext
from providers.contract.naming import next_part
from providers.contract.spec import KubernetesBlock, Platform
from providers.kubernetes.naming import LABEL_NAME, namespace_name, task_component

TagT = TypeVar("TagT")
"""Type of the tags of a stack, which may be Outputs."""
REGION = "cluster"
"""Name of the single region, used in outputs and logical names; a context can be renamed without any other change."""


@dataclass(frozen=True)
class KubernetesContext(RegionContext):
    """Cluster, and the spec that is deployed to it."""

    @property
    def block(self) -> KubernetesBlock:
        """The `kubernetes` block."""
        return block_of(self.spec)

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return namespace_name(self.spec, self.stack)

    def selector(self, component: str) -> Mapping[str, str]:
        """Labels that select the pods of a component: a service, `database`, `cache` or `entry`; they never change."""
        return {
            "app.kubernetes.io/name": LABEL_NAME,
            "app.kubernetes.io/instance": self.stack,
            "app.kubernetes.io/component": component,
        }

    def labels(self, component: str, tags: Mapping[str, TagT]) -> dict[str, TagT | str]:
        """Labels of an object of a component: those of its selector, of Kubernetes' convention, and the tags of the stack.

        https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
        """
        common = {"app.kubernetes.io/part-of": LABEL_NAME, "app.kubernetes.io/managed-by": "pulumi"}
        return {**tags, **self.selector(component), **common}

    def components(self, service: str) -> tuple[str, ...]:
        """Components with the network rules of a service: its replicas, those of its new revision, and its tasks."""
        if service not in self.spec.services:
            return (service,)
        steps = (next_part(service),) if self.spec.services[service].rollout.in_steps else ()
        return (service, *steps, task_component(service))

    def host(self, service: str) -> str:
        """DNS name of a Service in the namespace, which every resolver of the cluster answers."""
        return f"{service}.{self.namespace}.svc"

    @property
    def by_haproxy(self) -> bool:
        """True when the entry is HAProxy, which keeps every promise of `ingress`."""
        return self.block.entry == "haproxy"


def block_of(spec: Platform) -> KubernetesBlock:
    """Return the block; the context `none` for a spec without one, which validation refuses."""
    return spec.kubernetes or KubernetesBlock(context="none")


def by_haproxy(spec: Platform) -> bool:
    """True when the entry is HAProxy."""
    return block_of(spec).entry == "haproxy"


def runs_database(spec: Platform) -> bool:
    """True when CloudNativePG runs the database."""
    return spec.database is not None and not block_of(spec).database.external


def keeps_backups(spec: Platform) -> bool:
    """True when the database that CloudNativePG runs has backups."""
    database = spec.database
    return runs_database(spec) and database is not None and database.backup.retention_days > 0


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
