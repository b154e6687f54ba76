"""Rights that an update needs in the namespace, and which of them the user of the context lacks. Pure.

One SelfSubjectRulesReview answers for the rules of RBAC. Where the cluster has another authorizer too, as on EKS and GKE, its
answer is incomplete, and what is missing in it is asked for alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.json_data import texts
from providers.contract.spec import Platform
from providers.kubernetes.cache.external import own_caches
from providers.kubernetes.context import block_of, runs_database
from providers.kubernetes.naming import DRILL
from providers.kubernetes.preflight.kubectl import Fields, fields, rows

VERBS = ("create", "delete", "get", "list", "patch", "watch")
"""Verbs of the provider: it creates, applies changes with PATCH and reads; it watches for the end of a deletion and lists first."""
RBAC = "rbac.authorization.k8s.io"
NAMESPACE_VERBS = ("get", "patch")
"""Verbs of an update on the namespace itself."""
OBSERVED = (
    ("", "endpoints"), ("", "events"), ("", "persistentvolumeclaims"), ("", "pods"), ("apps", "replicasets"),
)  # fmt: skip
"""Objects that the provider reads while it waits until a workload or a Service is ready, or an object is deleted."""
OBSERVING_VERBS = ("list", "watch")


@dataclass(frozen=True)
class Right:
    """Verb on a resource of a group; the group of Secrets and Services is empty."""

    verb: str
    group: str
    resource: str
    name: str = ""
    """Name of the object; empty for objects of any name."""

    def __str__(self) -> str:
        return (
            f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}{f'/{self.name}' if self.name else ''}"
        )


EVERY = Right("*", "*", "*")
"""Right to everything."""


def required_rights(spec: Platform) -> tuple[Right, ...]:
    """Return the rights in the namespace that the objects of a stack need, and those with which an update waits for them."""
    declared = (Right(verb, *resource) for resource in resources_of(spec) for verb in VERBS)
    observed = (Right(verb, *resource) for resource in OBSERVED for verb in OBSERVING_VERBS)
    return tuple(dict.fromkeys((*declared, *observed, *_of_tasks(spec))))


def namespace_rights(namespace: str) -> tuple[Right, ...]:
    """Return the rights of an update on a namespace that exists, which is an object of the cluster."""
    return tuple(Right(verb, "", "namespaces", namespace) for verb in NAMESPACE_VERBS)


def destruction_rights(namespace: str) -> tuple[Right, ...]:
    """Return the rights that only the destruction of a stack needs.

    The provider watches the namespaces of all names until the deleted one is gone; without the right it waits for ten minutes.
    """
    every = (Right(verb, "", "namespaces") for verb in ("list", "watch"))
    return (Right("delete", "", "namespaces", namespace), *every)


def _of_tasks(spec: Platform) -> Iterator[Right]:
    """Rights to create, follow and end the Job of a release command, and to bind the Role of a drill.

    A preview does not create the Role, and the server refuses to anyone without `bind` a binding to a Role that does not exist
    (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping).
    """
    if spec.releases:
        yield from (Right(verb, "batch", "jobs") for verb in ("create", "delete", "get", "list", "watch"))
        yield Right("get", "", "pods/log")
    if spec.recovery.drill is not None:
        yield Right("bind", RBAC, "roles", DRILL)


def resources_of(spec: Platform) -> Iterator[tuple[str, str]]:
    """Yield group and resource of every object in the namespace of a stack."""
    for resource in ("configmaps", "secrets", "serviceaccounts", "services"):
        yield "", resource
    yield "apps", "deployments"
    yield "networking.k8s.io", "networkpolicies"
    yield "policy", "poddisruptionbudgets"
    yield "autoscaling", "horizontalpodautoscalers"
    if keeps_volumes(spec):
        yield "", "persistentvolumeclaims"
        yield "apps", "statefulsets"
    if spec.jobs or spec.releases or spec.recovery.drill is not None:
        yield "batch", "cronjobs"
    if spec.recovery.drill is not None:
        yield RBAC, "roles"
        yield RBAC, "rolebindings"
    for served in served_resources(spec):
        group, _, rest = served.partition("/")
        yield group, rest.partition("/")[2]


def served_resources(spec: Platform) -> Iterator[str]:
    """Yield the custom resources that a stack declares, such as `postgresql.cnpg.io/v1/clusters`."""
    if routes(spec):
        yield from ROUTE_RESOURCES
    if spec.public and block_of(spec).issuer is not None:
        yield CERTIFICATES
    if runs_database(spec):
        yield from DATABASE_RESOURCES
        if backs_up(spec):
            yield from BACKUP_RESOURCES
    if asks_keda(spec):
        yield SCALED_OBJECTS
    yield from MONITORING_RESOURCES


ROUTE_RESOURCES = ("gateway.networking.k8s.io/v1/gateways", "gateway.networking.k8s.io/v1/httproutes")
DATABASE_RESOURCES = ("postgresql.cnpg.io/v1/clusters",)
BACKUP_RESOURCES = ("postgresql.cnpg.io/v1/scheduledbackups", "barmancloud.cnpg.io/v1/objectstores")
MONITORING_RESOURCES = (
    "monitoring.coreos.com/v1/podmonitors",
    "monitoring.coreos.com/v1/prometheusrules",
    "monitoring.coreos.com/v1alpha1/alertmanagerconfigs",
)
CERTIFICATES = "cert-manager.io/v1/certificates"
METRICS = "metrics.k8s.io/v1beta1/pods"
SCALED_OBJECTS = "keda.sh/v1alpha1/scaledobjects"


def routes(spec: Platform) -> bool:
    """True when the stack has routes of the Gateway API."""
    return bool(spec.public) and block_of(spec).entry == "gateway"


def backs_up(spec: Platform) -> bool:
    """True when the database has backups in the bucket."""
    return runs_database(spec) and block_of(spec).bucket is not None


def keeps_volumes(spec: Platform) -> bool:
    """True when the platform has volumes besides those of the database: of its own caches, or of traces."""
    return bool(own_caches(spec)) or spec.monitoring.tracing is not None


def asks_keda(spec: Platform) -> bool:
    """True when KEDA scales a service by its requests."""
    return block_of(spec).keda_prometheus_url is not None and any(
        service.autoscaling.requests_per_replica_per_minute for service in spec.services.values()
    )


def allows(rules: Fields, right: Right) -> bool:
    """True when a status of a SelfSubjectRulesReview contains a right: for objects of any name, or for that of the right."""
    return any(
        _has(rule, "verbs", right.verb)
        and _has(rule, "apiGroups", right.group)
        and _has(rule, "resources", right.resource)
        and (not rule.get("resourceNames") or right.name in texts(rule.get("resourceNames")))
        for rule in rows(rules.get("resourceRules"))
    )


def _has(rule: Fields, key: str, value: str) -> bool:
    values = fields(rule).get(key)
    return isinstance(values, list) and (value in values or "*" in values)


def access_review(right: Right, namespace: str) -> dict[str, object]:
    """Specification of a SelfSubjectAccessReview for one right."""
    attributes = {"verb": right.verb, "group": right.group, "resource": right.resource, "namespace": namespace}
    return {"resourceAttributes": {**attributes, **({"name": right.name} if right.name else {})}}
