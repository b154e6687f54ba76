"""Rights of an identity that deploys one stack, as objects that the owner of the cluster applies. Pure.

The namespace is among them: a Role needs it, and so the identity needs no right to create namespaces, which no name can limit.
Everything that is written is in the namespace. Outside of it the identity reads what the checks of `doctor` compare, and nothing
that has values of Secrets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from providers.contract.json_data import Raw
from providers.contract.preflight import Identity
from providers.contract.spec import Platform
from providers.kubernetes.context import REGION, KubernetesContext, block_of
from providers.kubernetes.naming import MONITORING, POD_SECURITY_LABELS
from providers.kubernetes.preflight.rights import RBAC, Right, destruction_rights, namespace_rights, required_rights

ROLE = "agent-platform-deployer"
CHECKED = (Right("list", "", "resourcequotas"),)
"""Rights in the namespace with which `doctor` compares what an update does not need."""
IDENTITY_NAMESPACE = "kube-system"
"""Namespace whose UID identifies the cluster."""


def deployer_objects(spec: Platform, stack: str, identity: Identity) -> Sequence[Raw]:
    """Return namespace, roles and their bindings for an identity that deploys a stack; see `preflight.DeployerObjects`."""
    context = KubernetesContext(spec, stack, REGION)
    namespace, labels = context.namespace, context.labels(MONITORING, {})
    own: Raw = {"name": ROLE, "namespace": namespace}
    reader: Raw = {"name": f"{namespace}-deployer"}
    return (
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {**labels, **POD_SECURITY_LABELS}},
        },
        _object("Role", own, rules=role_rules((*required_rights(spec), *CHECKED))),
        _binding("RoleBinding", own, "Role", identity),
        _object("ClusterRole", reader, rules=list(_cluster_rules(spec, namespace))),
        _binding("ClusterRoleBinding", reader, "ClusterRole", identity),
    )


def role_rules(rights: Iterable[Right]) -> list[Raw]:
    """Return rights as rules of a Role: one for each group of the API, set of verbs and name."""
    verbs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for right in rights:
        verbs[right.group, right.name, right.resource].append(right.verb)
    rules: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, name, resource), allowed in verbs.items():
        rules[group, name, tuple(sorted(set(allowed)))].append(resource)
    return [
        {
            "apiGroups": [group],
            "resources": sorted(resources),
            "verbs": list(allowed),
            **({"resourceNames": [name]} if name else {}),
        }
        for (group, name, allowed), resources in sorted(rules.items())
    ]


def _cluster_rules(spec: Platform, namespace: str) -> Iterator[Raw]:
    """Rules for the namespace itself, which is an object of the cluster, and for what the checks read."""
    block = block_of(spec)
    yield _named("", "namespaces", ["get"], IDENTITY_NAMESPACE)
    yield from role_rules((*namespace_rights(namespace), *destruction_rights(namespace)))
    yield {"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["list"]}
    yield {"apiGroups": ["apps"], "resources": ["daemonsets"], "verbs": ["list"]}
    yield {"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["list"]}
    if block.gateway_class is not None:
        yield _named("gateway.networking.k8s.io", "gatewayclasses", ["get"], block.gateway_class)
    if block.gateway is not None:
        yield _named("gateway.networking.k8s.io", "gateways", ["get"], block.gateway.name)
    if block.issuer is not None:
        yield _named("cert-manager.io", "clusterissuers", ["get"], block.issuer)


def _named(group: str, resource: str, verbs: Sequence[str], name: str) -> Raw:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs), "resourceNames": [name]}


def _object(kind: str, metadata: Raw, **fields: object) -> Raw:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **fields}


def _binding(kind: str, metadata: Raw, role: str, identity: Identity) -> Raw:
    subject: Raw = {"kind": identity.kind, "name": identity.name}
    if identity.namespace:
        subject["namespace"] = identity.namespace
    else:
        subject["apiGroup"] = RBAC
    reference = {"apiGroup": RBAC, "kind": role, "name": metadata["name"]}
    return _object(kind, metadata, roleRef=reference, subjects=[subject])
