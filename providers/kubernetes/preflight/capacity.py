"""Checks of zones, free resources, storage classes and quotas. Pure."""

from collections.abc import Iterator, Mapping

from providers.contract.diagnostics import ConfigError, Diagnostic, listed
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of, runs_database
from providers.kubernetes.pod_sizes import running_pods
from providers.kubernetes.preflight.cluster import ClusterFacts, StorageClass
from providers.kubernetes.preflight.rights import keeps_volumes

CPU_KEYS, MEMORY_KEYS = ("requests.cpu", "cpu", "limits.cpu"), ("requests.memory", "memory", "limits.memory")
BYTES_PER_GIB = 1024**3


def check_zones(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check that ready nodes are in as many zones as the network has; production spreads replicas over them."""
    subject, needed = "zones", spec.network.zones
    if cluster.zones is None:
        return CheckResult(subject, "cannot be read", fix="allow `list` on nodes to this user")
    names = [zone.name for zone in cluster.zones if zone.name]
    if not cluster.zones:
        problem, fix = (
            "the cluster has no ready node",
            "add nodes, or see why they are not ready with `kubectl get nodes`",
        )
        return CheckResult(subject, "", (ConfigError("kubernetes.context", problem, fix),))
    found = max(1, len(names))
    where = f" ({listed(names, 'and')})" if names else ""
    observed = f"ready nodes are in {found} of {needed} zones{where}"
    if found >= needed:
        return CheckResult(subject, observed)
    if spec.profile != "production":
        return CheckResult(subject, observed, fix=f"set network.zones to {found}, or add nodes in other zones")
    problem = f"{needed} is not possible: the ready nodes are in {found} zone{'s' if found > 1 else ''}"
    fix = f"add nodes in other zones, or set it to {found}"
    return CheckResult(subject, "", (ConfigError("network.zones", problem, fix),))


def check_room(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Compare all pods of the stack and the surge of a rollout with what the pods on ready nodes leave."""
    subject, (vcpu, memory_gib) = "capacity", first_need(spec)
    need = f"the pods need {vcpu:g} vCPU and {memory_gib:g} GiB"
    if cluster.room is None:
        return CheckResult(
            subject, f"{need}; the nodes cannot be read", fix="allow `list` on nodes and pods to this user"
        )
    observed = f"{need}; ready nodes have {cluster.room.vcpu:.1f} vCPU and {cluster.room.memory_gib:.1f} GiB free"
    if vcpu <= cluster.room.vcpu and memory_gib <= cluster.room.memory_gib:
        return CheckResult(subject, observed)
    return CheckResult(subject, observed, fix="add nodes, unless an autoscaler of nodes does so")


def first_need(spec: Platform) -> tuple[float, float]:
    """Return the vCPU and memory of all pods at their least number, with the surge of the largest rollout."""
    pods = tuple(running_pods(spec))
    vcpu = sum(each.count * each.vcpu for each in pods) + max(each.surge * each.vcpu for each in pods)
    memory_gib = sum(each.count * each.memory_gib for each in pods) + max(each.surge * each.memory_gib for each in pods)
    return vcpu, memory_gib


def check_storage(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Check the storage class of volumes, and that it can grow them."""
    subject, name = "storage class", block_of(spec).storage_class
    if not (runs_database(spec) or keeps_volumes(spec)):
        return CheckResult(subject, "no volume is needed")
    if cluster.storage_classes is None:
        return CheckResult(subject, "cannot be read", fix="allow `list` on storageclasses to this user")
    found = _class(cluster.storage_classes, name)
    if found is None:
        names = [each.name for each in cluster.storage_classes]
        problem = f"{name} does not exist" if name else "nothing is set, and the cluster has no default class"
        fix = f"use {listed(names)}" if names else "add a storage class to the cluster"
        return CheckResult(subject, "", (ConfigError("kubernetes.storage_class", problem, fix),))
    if found.can_expand or not runs_database(spec):
        return CheckResult(subject, found.name)
    fix = "set allowVolumeExpansion on it, or database.storage_gib cannot grow"
    return CheckResult(subject, f"{found.name} does not grow volumes", fix=fix)


def _class(classes: tuple[StorageClass, ...], name: str | None) -> StorageClass | None:
    return next((each for each in classes if (each.name == name if name else each.is_default)), None)


def check_quota(cluster: ClusterFacts, spec: Platform) -> CheckResult:
    """Compare a quota of the namespace with all pods of the stack and the surge of a rollout."""
    refusals = tuple(_exceeded(cluster, spec))
    return CheckResult("quota", "no ResourceQuota of the namespace is exceeded", refusals)


def _exceeded(cluster: ClusterFacts, spec: Platform) -> Iterator[Diagnostic]:
    if cluster.namespace_labels is None:
        return
    vcpu, memory_gib = first_need(spec)
    needs: Mapping[str, tuple[tuple[str, ...], float, float, str]] = {
        "vCPU": (CPU_KEYS, vcpu, 1, "vCPU"),
        "memory": (MEMORY_KEYS, memory_gib, BYTES_PER_GIB, "GiB"),
    }
    for quota in cluster.quotas:
        for keys, need, unit, name in needs.values():
            # a quota that already counts the running replicas leaves less than a first rollout needs
            hard = min((quota.hard[key] / unit for key in keys if key in quota.hard), default=None)
            if hard is not None and need > hard:
                problem = f"the ResourceQuota {quota.name} allows {hard:g} {name}, and the pods need {need:g} {name}"
                yield ConfigError(
                    "services", problem, "raise the quota, or use fewer or smaller replicas, instances and caches"
                )
