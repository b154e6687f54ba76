"""Settings of pods and objects that the CIS benchmark of Kubernetes and checkov list one by one. Pure."""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, is_true, state
from providers.contract.audit_requirements import Requirement
from providers.kubernetes.audit.access import templates

OF_THE_NODE = ("hostNetwork", "hostPID", "hostIPC")
"""Fields by which a pod takes part in a namespace of its node: CIS 5.2.3 to 5.2.5."""
DEFAULT_NAMESPACE = "default"

STORES: tuple[Requirement, ...] = (
    Requirement("core:Secret", "immutable", is_true, "a value can change below the pods that have read it", ()),
)


def pods_share_nothing_with_the_node(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the fields of every pod that open the network, the processes or the memory of its node."""
    for workload, path in templates(site):
        for field in OF_THE_NODE:
            value = workload.value(*path, field)
            passed = value in (None, False)
            yield state(
                workload, ".".join((*path, field)), value, passed, "the pod takes part in a namespace of its node"
            )


def objects_have_a_namespace(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the namespace of every workload, which is not the one that a missing name leads to."""
    for workload, _ in templates(site):
        name = workload.value("metadata", "namespace")
        why = "whatever names no namespace is beside it"
        yield state(workload, "metadata.namespace", name, name not in (None, DEFAULT_NAMESPACE), why)
