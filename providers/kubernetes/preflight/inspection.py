"""Facts of a cluster, read with plain GETs; what this user may not read is None and listed. Stores nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from providers.contract.preflight import Environment
from providers.contract.spec import KubernetesBlock, Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.naming import namespace_name
from providers.kubernetes.preflight.cluster import GIB, ClusterFacts, NamespaceQuota, Room, StorageClass, Zone, amount
from providers.kubernetes.preflight.kubectl import (
    PARALLEL_CALLS,
    ClusterUnreachable,
    Fields,
    Kubectl,
    QueryForbidden,
    condition,
    fields,
    labels_of,
    rows,
    text,
)
from providers.kubernetes.preflight.own_rights import missing_rights, missing_to_destroy
from providers.kubernetes.preflight.rights import CERTIFICATES, METRICS, served_resources

ZONE_LABEL = "topology.kubernetes.io/zone"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
POLICY_ENGINES: Mapping[str, str] = {
    "anetd": "GKE Dataplane V2",
    "antrea-agent": "Antrea",
    "azure-npm": "Azure NPM",
    "calico-node": "Calico",
    "canal": "Canal",
    "cilium": "Cilium",
    "kube-router": "kube-router",
    "weave-net": "Weave Net",
}
"""Network plugins that enforce policies, by the name of their DaemonSet. k3s has kube-router in its own process."""
AWS_NODE, AWS_POLICIES = "aws-node", "--enable-network-policy=true"
K3S = "+k3s"
"""Part of the version of a server of k3s, which enforces policies unless it is started with --disable-network-policy."""

T = TypeVar("T")


@dataclass(frozen=True)
class _FactReader:
    """Reads at the same time; `unread` collects the subjects that this user may not read."""

    pool: ThreadPoolExecutor
    unread: list[str] = field(default_factory=list[str])

    def read(self, subject: str, call: Callable[[], T]) -> "Future[T | None]":
        """Start a read, whose result is None when it is forbidden."""
        return self.pool.submit(self._result, subject, call)

    def _result(self, subject: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except QueryForbidden:
            self.unread.append(subject)
            return None


def inspect_cluster(spec: Platform, stack: str, environment: Environment) -> ClusterFacts:
    """Ask the API server for everything that the checks need."""
    kubectl = Kubectl(block_of(spec).context, environment)
    try:
        version = text(kubectl.get("/version") or {}, "gitVersion")
        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            return _inspect(kubectl, _FactReader(pool), spec, namespace_name(spec, stack), version)
    except (ClusterUnreachable, QueryForbidden) as error:
        return ClusterFacts(kubectl.context, no_answer=str(error))


def _inspect(kubectl: Kubectl, reader: _FactReader, spec: Platform, namespace: str, version: str) -> ClusterFacts:
    block, objects = block_of(spec), f"/api/v1/namespaces/{namespace}"
    uid = reader.read("the namespace kube-system", lambda: _uid(kubectl))
    rights = reader.read("rights", lambda: missing_rights(kubectl, spec, namespace))
    destruction = reader.read("rights", lambda: missing_to_destroy(kubectl, namespace))
    apis = reader.read("API groups", lambda: served(kubectl, (*served_resources(spec), METRICS, CERTIFICATES)))
    gateway_class = reader.read("GatewayClasses", lambda: _accepted(kubectl, block.gateway_class))
    gateway = reader.read("Gateways", lambda: _gateway(kubectl, block))
    issuer = reader.read("ClusterIssuers", lambda: _issuer_ready(kubectl, block.issuer))
    classes = reader.read("StorageClasses", lambda: _storage_classes(kubectl))
    nodes = reader.read("nodes", lambda: [node for node in kubectl.items("/api/v1/nodes") if is_ready(node)])
    pods = reader.read("pods of other namespaces", lambda: kubectl.items("/api/v1/pods"))
    engine = reader.read("DaemonSets of kube-system", lambda: policy_engine(kubectl, version))
    quotas = reader.read("ResourceQuotas", lambda: _quotas(kubectl, objects))
    labels = reader.read(f"the namespace {namespace}", lambda: labels_of(kubectl.get(objects)))
    tls_secret = reader.read("Secrets", lambda: _tls_secret(kubectl, block.tls_secret, namespace))
    ready, running = nodes.result(), pods.result()
    return ClusterFacts(
        context=kubectl.context,
        version=version,
        uid=uid.result(),
        missing_rights=rights.result() or (),
        missing_to_destroy=destruction.result() or (),
        served=apis.result() or frozenset(),
        gateway_class_accepted=gateway_class.result(),
        gateway_exists=gateway.result(),
        issuer_ready=issuer.result(),
        storage_classes=classes.result(),
        zones=None if ready is None else zones_of(ready),
        room=None if ready is None or running is None else room_of(ready, running),
        policy_engine=engine.result(),
        quotas=quotas.result() or (),
        namespace_labels=labels.result(),
        tls_secret_exists=tls_secret.result(),
        unread=tuple(sorted(reader.unread)),
    )


def _uid(kubectl: Kubectl) -> str:
    return text(kubectl.get("/api/v1/namespaces/kube-system") or {}, "metadata", "uid")


def served(kubectl: Kubectl, resources: Iterable[str]) -> frozenset[str]:
    """Return those of the resources, such as `postgresql.cnpg.io/v1/clusters`, that the server serves."""
    groups = dict.fromkeys(resource.rpartition("/")[0] for resource in resources)
    found: set[str] = set()
    for group in groups:
        found |= {f"{group}/{text(each, 'name')}" for each in rows((_group(kubectl, group)).get("resources"))}
    return frozenset(found) & frozenset(resources)


def _group(kubectl: Kubectl, group: str) -> Fields:
    """Answer for one group; empty for one whose own server does not answer, such as that of metrics."""
    try:
        return kubectl.get(f"/apis/{group}") or {}
    except ClusterUnreachable:
        return {}


def _accepted(kubectl: Kubectl, name: str | None) -> bool | None:
    found = kubectl.get(f"/apis/gateway.networking.k8s.io/v1/gatewayclasses/{quote(name)}") if name else None
    return None if found is None else condition(found, "Accepted") == "True"


def _gateway(kubectl: Kubectl, block: KubernetesBlock) -> bool | None:
    if block.gateway is None:
        return None
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{block.gateway.namespace}/gateways/{block.gateway.name}"
    return kubectl.get(path) is not None


def _issuer_ready(kubectl: Kubectl, name: str | None) -> bool | None:
    found = kubectl.get(f"/apis/cert-manager.io/v1/clusterissuers/{quote(name)}") if name else None
    return None if found is None else condition(found, "Ready") == "True"


def _storage_classes(kubectl: Kubectl) -> tuple[StorageClass, ...]:
    items = kubectl.items("/apis/storage.k8s.io/v1/storageclasses")
    return tuple(
        StorageClass(
            name=text(item, "metadata", "name"),
            is_default=text(item, "metadata", "annotations", DEFAULT_CLASS) == "true",
            can_expand=item.get("allowVolumeExpansion") is True,
        )
        for item in items
    )


def is_ready(node: Fields) -> bool:
    """True for a node that is ready and accepts pods."""
    return condition(node, "Ready") == "True" and fields(node.get("spec")).get("unschedulable") is not True


def zones_of(nodes: Iterable[Fields]) -> tuple[Zone, ...]:
    """Return the zones of nodes; those without the label are in a zone without a name."""
    counts = Counter(text(node, "metadata", "labels", ZONE_LABEL) for node in nodes)
    return tuple(Zone(name, count) for name, count in sorted(counts.items()))


def room_of(nodes: Sequence[Fields], pods: Iterable[Fields]) -> Room:
    """Return what the pods leave of the nodes."""
    names = {text(node, "metadata", "name") for node in nodes}
    free = {"cpu": 0.0, "memory": 0.0}
    for node in nodes:
        allocatable = fields(fields(node.get("status")).get("allocatable"))
        free = {key: value + amount(allocatable.get(key, 0)) for key, value in free.items()}
    for pod in pods:
        if text(pod, "spec", "nodeName") in names and text(pod, "status", "phase") not in ("Succeeded", "Failed"):
            free = {key: value - _requested(pod, key) for key, value in free.items()}
    return Room(vcpu=max(0.0, free["cpu"]), memory_gib=max(0.0, free["memory"]) / GIB)


def _requested(pod: Fields, resource: str) -> float:
    containers = rows(fields(pod.get("spec")).get("containers"))
    requests = (fields(fields(each.get("resources")).get("requests")) for each in containers)
    return sum(amount(each.get(resource, 0)) for each in requests)


def policy_engine(kubectl: Kubectl, version: str) -> str:
    """Return the network plugin that enforces network policies; empty when none is recognized."""
    if K3S in version:
        return "k3s"
    sets = kubectl.items("/apis/apps/v1/daemonsets")
    names = {text(each, "metadata", "name"): each for each in sets}
    if AWS_NODE in names and AWS_POLICIES in str(names[AWS_NODE].get("spec")):
        return "Amazon VPC CNI"
    return next((title for name, title in POLICY_ENGINES.items() if name in names), "")


def _quotas(kubectl: Kubectl, objects: str) -> tuple[NamespaceQuota, ...]:
    quotas = kubectl.items(f"{objects}/resourcequotas")
    return tuple(
        NamespaceQuota(text(item, "metadata", "name"), {key: amount(value) for key, value in _hard(item).items()})
        for item in quotas
    )


def _hard(quota: Fields) -> Fields:
    return fields(fields(quota.get("spec")).get("hard"))


def _tls_secret(kubectl: Kubectl, name: str | None, namespace: str) -> bool | None:
    return None if name is None else kubectl.exists("secret", name, namespace)
