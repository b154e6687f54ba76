"""Pods that a stack runs, with what they request: services, entry, database, caches and traces. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.spec import Platform
from providers.kubernetes.cache.external import own_caches
from providers.kubernetes.cache.limits import limit_gib
from providers.kubernetes.compute.health import SURGE_PERCENT
from providers.kubernetes.context import by_haproxy, keeps_backups, runs_database
from providers.kubernetes.entry.limits import entry_replicas

DATABASE_INSTANCES = 3
"""A primary and two replicas: with one of them lost, a write still has a synchronous replica."""


@dataclass(frozen=True)
class ContainerSize:
    """Requests of a container, which are its limits."""

    vcpu: float
    memory_gib: float


CACHE_VCPU = 1
"""A single thread serves the protocol."""
CACHE_EXPORTER = ContainerSize(0.1, 0.125)
DATABASE_SIDECAR = ContainerSize(0.5, 0.5)
"""Plugin of the backups, in the pod of each instance."""
PROXY = ContainerSize(1, 0.5)
TEMPO = ContainerSize(0.5, 1)


@dataclass(frozen=True)
class Pods:
    """Equal pods of a component: their least number, the pods that a rollout adds, and the requests of one."""

    count: int
    surge: int
    vcpu: float
    memory_gib: float


def running_pods(spec: Platform) -> Iterator[Pods]:
    """Yield the pods that a stack always runs; jobs, release commands and drills end."""
    for service in spec.services.values():
        least = service.replicas.min
        yield Pods(least, -(-least * SURGE_PERCENT // 100), service.size.vcpu, service.size.memory_gib)
    if spec.public and by_haproxy(spec):
        yield Pods(entry_replicas(spec), 1, PROXY.vcpu, PROXY.memory_gib)
    if (database := spec.database) is not None and runs_database(spec):
        sidecar = DATABASE_SIDECAR if keeps_backups(spec) else ContainerSize(0, 0)
        vcpu, memory_gib = database.size.vcpu + sidecar.vcpu, database.size.memory_gib + sidecar.memory_gib
        yield Pods(DATABASE_INSTANCES if database.high_availability else 1, 0, vcpu, memory_gib)
    for cache in own_caches(spec):
        memory_gib = limit_gib(cache.settings) + CACHE_EXPORTER.memory_gib
        yield Pods(1, 0, CACHE_VCPU + CACHE_EXPORTER.vcpu, memory_gib)
    if spec.monitoring.tracing is not None:
        yield Pods(1, 0, TEMPO.vcpu, TEMPO.memory_gib)
