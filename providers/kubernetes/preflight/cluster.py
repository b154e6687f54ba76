"""Facts about a cluster that the checks need; `None` is a fact that this user may not read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

SUFFIXES: Mapping[str, float] = {
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
GIB = 2.0**30


@dataclass(frozen=True)
class Zone:
    """Zone with its number of ready nodes; nodes without the label are in the zone without a name."""

    name: str
    nodes: int


@dataclass(frozen=True)
class Room:
    """Allocatable resources of ready nodes less the requests of the pods on them."""

    vcpu: float
    memory_gib: float


@dataclass(frozen=True)
class StorageClass:
    """Storage class of the cluster."""

    name: str
    is_default: bool
    can_expand: bool


@dataclass(frozen=True)
class NamespaceQuota:
    """ResourceQuota of the namespace: its limits by resource such as `requests.cpu`."""

    name: str
    hard: Mapping[str, float]


@dataclass(frozen=True)
class ClusterFacts:
    """Facts about a cluster and the namespace of a stack; `no_answer` is the reason why there are none."""

    context: str
    no_answer: str = ""
    version: str = ""
    uid: str | None = ""
    missing_rights: tuple[str, ...] = ()
    """Rights that this user lacks in the namespace, such as `create deployments.apps`."""
    missing_to_destroy: tuple[str, ...] = ()
    """Rights that this user lacks to delete the namespace, which no update needs."""
    served: frozenset[str] = frozenset()
    """Resources that the server serves of the groups that the platform can use: `postgresql.cnpg.io/v1/clusters`."""
    gateway_class_accepted: bool | None = None
    """None when the class does not exist or cannot be read."""
    gateway_exists: bool | None = None
    issuer_ready: bool | None = None
    storage_classes: tuple[StorageClass, ...] | None = None
    zones: tuple[Zone, ...] | None = None
    room: Room | None = None
    policy_engine: str | None = ""
    """Network plugin that enforces policies; empty when none was recognized, None when it cannot be read."""
    quotas: tuple[NamespaceQuota, ...] = ()
    namespace_labels: Mapping[str, str] | None = None
    """Labels of the namespace; None when it does not exist yet."""
    tls_secret_exists: bool | None = None
    unread: tuple[str, ...] = ()
    """Kinds of objects that this user may not read."""


def amount(quantity: object) -> float:
    """Return CPUs, bytes or a count; 0 for anything that is no quantity.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    text = str(quantity)
    suffix = next((each for each in sorted(SUFFIXES, key=len, reverse=True) if text.endswith(each)), "")
    try:
        return float(text.removesuffix(suffix)) * SUFFIXES.get(suffix, 1)
    except ValueError:
        return 0.0
