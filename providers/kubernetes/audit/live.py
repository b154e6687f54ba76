"""Questions of the audit to a cluster, through kubectl. Pure.

Sources: Kubernetes documentation, "Enforce Pod Security Standards with Namespace Labels"; CloudNativePG documentation, "Monitoring"
(conditions of a Cluster). `kube-system` has the UID by which a cluster is recognized.
"""

from collections.abc import Iterator

from providers.contract.audit import CheckEvidence, shown
from providers.contract.cli import CliCommand, DeployedStack
from providers.contract.json_data import Raw, is_mapping, mappings
from providers.contract.live_audit import CloudLiveAudit, LiveEvidence, LiveQuery, in_account, items
from providers.kubernetes.context import KubernetesContext, block_of, runs_database
from providers.kubernetes.naming import CACHE, DATABASE

CLUSTERS = "clusters.postgresql.cnpg.io"
UID = "jsonpath={.metadata.uid}"
ENFORCE = "pod-security.kubernetes.io/enforce"


def expected_uid(stack: DeployedStack) -> str:
    """Return the UID of the stack's cluster; empty without one."""
    return block_of(stack.spec).cluster_uid or ""


def _kubectl(stack: DeployedStack, *arguments: str, namespaced: bool = True) -> CliCommand:
    context = KubernetesContext(stack.spec, stack.name, "")
    place = (f"--namespace={context.namespace}",) if namespaced else ()
    return CliCommand(("kubectl", f"--context={context.block.context}", *place, *arguments))


def _queries(stack: DeployedStack) -> Iterator[LiveQuery]:
    namespace = KubernetesContext(stack.spec, stack.name, "").namespace
    yield LiveQuery(_kubectl(stack, "get", "namespace", namespace, "--output=json", namespaced=False), _pod_security)
    yield LiveQuery(_kubectl(stack, "get", "networkpolicies", "--output=json"), _policies)
    yield LiveQuery(_kubectl(stack, "get", "nodes", "--output=json", namespaced=False), _zones)
    if runs_database(stack.spec):
        yield LiveQuery(_kubectl(stack, "get", CLUSTERS, DATABASE, "--output=json"), _database, absent="NotFound")


def _pod_security(answer: object) -> Iterator[LiveEvidence]:
    labels = _at(answer, "metadata", "labels")
    level = labels.get(ENFORCE)
    passed = level == "restricted"
    why = "" if passed else "the server admits privileged pods"
    yield "containers-are-confined", CheckEvidence("core:Namespace", f"deployed {ENFORCE}", shown(level), passed, why)


def _policies(answer: object) -> Iterator[LiveEvidence]:
    closed = [
        str(_at(each, "metadata").get("name"))
        for each in items(answer, "items")
        if not _at(each, "spec").get("ingress") and not _at(each, "spec").get("egress")
    ]
    passed, why = bool(closed), "what no rule names is allowed"
    yield (
        "filters-and-defaults-are-closed",
        CheckEvidence("", "deployed default deny", shown(closed or "none"), passed, "" if passed else why),
    )
    yield from _private_stores(answer)


def _private_stores(answer: object) -> Iterator[LiveEvidence]:
    """Yield the peers of deployed policies of database and cache, of which none is a range of addresses."""
    for policy in items(answer, "items"):
        name = str(_at(policy, "metadata").get("name"))
        if not name.startswith((DATABASE, CACHE)):
            continue
        ranges = [
            str(_at(peer, "ipBlock").get("cidr"))
            for rule in mappings(_at(policy, "spec").get("ingress"))
            for peer in mappings(rule.get("from"))
            if _at(peer, "ipBlock")
        ]
        passed, why = not ranges, "addresses outside the namespace may connect"
        yield (
            "data-stores-are-private",
            CheckEvidence(
                f"networking.k8s.io:NetworkPolicy {name}",
                "deployed spec.ingress",
                shown(ranges or "pods"),
                passed,
                "" if passed else why,
            ),
        )


def _zones(answer: object) -> Iterator[LiveEvidence]:
    labels = [_at(each, "metadata", "labels") for each in items(answer, "items")]
    zones = sorted(
        {str(each["topology.kubernetes.io/zone"]) for each in labels if "topology.kubernetes.io/zone" in each}
    )
    passed = len(zones) > 1
    why = "" if passed else "the nodes are in one zone, or have no label of a zone"
    yield "zones-at-least-two", CheckEvidence("", "zones of the nodes", shown(zones or "none"), passed, why)


def _database(answer: object) -> Iterator[LiveEvidence]:
    conditions = {
        str(each.get("type")): each.get("status") for each in mappings(_at(answer, "status").get("conditions"))
    }
    for condition, why in (
        ("ContinuousArchiving", "changes are not archived, so a restore would lose them"),
        ("LastBackupSucceeded", "the last backup failed"),
    ):
        status = conditions.get(condition)
        passed = status == "True"
        evidence = CheckEvidence(
            f"postgresql.cnpg.io:Cluster {DATABASE}",
            f"deployed {condition}",
            shown(status),
            passed,
            "" if passed else why,
        )
        yield "backups-are-kept", evidence
    yield in_account("instances that are ready", _at(answer, "status").get("readyInstances"), True, "")


def _at(value: object, *path: str) -> Raw:
    """Return the mapping at a path; an empty one where there is none."""
    for key in path:
        value = value.get(key) if is_mapping(value) else None
    return value if is_mapping(value) else {}


LIVE = CloudLiveAudit(
    key="kubernetes.cluster_uid",
    account=lambda stack: _kubectl(stack, "get", "namespace", "kube-system", "--output", UID, namespaced=False),
    expected=expected_uid,
    queries=_queries,
)
