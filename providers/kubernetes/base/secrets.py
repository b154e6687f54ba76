"""Secrets: one immutable Secret for each value, named by Pulumi.

A new value is a new Secret with another name. Its readers refer to it by that name, so they are replaced, and a former
revision keeps its Secret until no revision needs it. Every pod of the namespace could mount every Secret; only the pods that
the platform declares run there, and each mounts those of its service.
"""

import base64
from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.results import SecretRef
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


KEY = "value"
"""Key of the value in a Secret."""
SECRETS = "secrets"
"""Component in the labels of Secrets."""


def create_secret(
    scope: Scope,
    context: KubernetesContext,
    part: str,
    value: pulumi.Output[str],
    *,
    namespace: pulumi.Resource,
    name: str | None = None,
) -> SecretRef:
    """Store a value; `part` is the logical name in this scope, and `name` that of the reference.

    `reference` and `version` are the name of the Secret, in which `KEY` has the value.
    """
    secret = create_opaque(scope, context, part, {KEY: value}, namespace)
    generated = generated_name(secret)
    return SecretRef(name or part, reference=generated, version=generated, grants=(secret,))


def create_opaque(
    scope: Scope,
    context: KubernetesContext,
    part: str,
    values: Mapping[str, pulumi.Output[str]],
    namespace: pulumi.Resource,
) -> "kubernetes.core.v1.Secret":
    """Immutable Secret with several values by key; `data`, because a provider cannot read `stringData` back."""
    return kubernetes.core.v1.Secret(
        scope.named(part),
        metadata=metadata(scope, context, SECRETS),
        type="Opaque",
        immutable=True,
        data={key: encoded(value) for key, value in values.items()},
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[namespace]),
    )


def encoded(value: pulumi.Output[str]) -> pulumi.Output[str]:
    """Value in base64, a secret like the value."""
    return pulumi.Output.secret(value.apply(lambda text: base64.b64encode(text.encode()).decode()))


def generated_name(resource: "kubernetes.core.v1.Secret | kubernetes.core.v1.ConfigMap") -> pulumi.Output[str]:
    """Name that Pulumi generated for an object."""
    return resource.metadata.apply(lambda values: str(values.name))
