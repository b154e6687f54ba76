"""Metadata of objects: namespace, labels and, where other objects refer to it, a fixed name."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.context import KubernetesContext

WAIT_FOR = "pulumi.com/waitFor"
"""Annotation with the condition that an update waits for; custom resources are not waited for without it."""
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
SKIP_AWAIT = "pulumi.com/skipAwait"


def metadata(
    scope: Scope,
    context: KubernetesContext,
    component: str,
    name: str | None = None,
    *,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> "kubernetes.meta.v1.ObjectMetaArgs":
    """Metadata in the platform's namespace; without a name, Pulumi generates one from the logical name."""
    return kubernetes.meta.v1.ObjectMetaArgs(
        name=name,
        namespace=context.namespace,
        labels={**context.labels(component, scope.tags), **(labels or {})},
        annotations=dict(annotations) if annotations else None,
    )


def pod_metadata(
    scope: Scope, context: KubernetesContext, component: str, labels: Mapping[str, str] | None = None
) -> "kubernetes.meta.v1.ObjectMetaArgs":
    """Metadata of a pod template; the namespace is that of the workload."""
    return kubernetes.meta.v1.ObjectMetaArgs(labels={**context.labels(component, scope.tags), **(labels or {})})


def pods_of(context: KubernetesContext, component: str) -> "kubernetes.meta.v1.LabelSelectorArgs":
    """Selector of a component in network policies: of a service also its new revision and the pods of its tasks."""
    components = context.components(component)
    labels = dict(context.selector(component))
    key = "app.kubernetes.io/component"
    del labels[key]
    requirement = kubernetes.meta.v1.LabelSelectorRequirementArgs(key=key, operator="In", values=list(components))
    return kubernetes.meta.v1.LabelSelectorArgs(match_labels=labels, match_expressions=[requirement])


def selector(context: KubernetesContext, component: str) -> "kubernetes.meta.v1.LabelSelectorArgs":
    """Selector of the pods of a component; it is immutable, so it contains no tag."""
    return kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(context.selector(component)))
