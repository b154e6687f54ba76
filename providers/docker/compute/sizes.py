"""Sizes in Docker's units, and the memory that all containers may use together. Pure.

A container can use at most its limit, and nothing is reserved for it, so the limits can exceed what the host has. The
preflight checks compare them with the host.
"""

from collections.abc import Mapping
from math import ceil

from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.spec import DatabaseSize, Platform, Service, Size

MIB_PER_GIB = 1024
MIN_MEMORY_MIB = 6
"""Smallest memory limit that Docker accepts: Docker documentation, "Resource constraints"."""
MIN_VCPU = 0.01
ZEROS_OF_ROUND_CPUS = 9
"""Zeros by which pulumi-docker 5.2.0 detects a round number of CPUs; it treats 0.05 as one and returns it as 0.1."""
CACHE_OVERHEAD = 1.25
"""Internal tables of a cache, its output buffers, and the fork that rewrites its append-only file."""
CACHE_BASE_MIB = 64


def memory_mib(memory_gib: float) -> int:
    """Memory limit in MiB."""
    return ceil(memory_gib * MIB_PER_GIB)


def cpus(vcpu: float) -> str:
    """CPU limit in the provider's format: `0.5`, `2.0`, `10.`; any other appears as a change in every update."""
    text = f"{vcpu:.9f}"
    return f"{vcpu:.1f}" if text.count("0") == ZEROS_OF_ROUND_CPUS else text.rstrip("0")


def cache_limit_mib(memory_gib: float) -> int:
    """Memory limit of the cache's container, which needs more than the entries that `cache.memory_gib` counts."""
    return ceil(memory_gib * MIB_PER_GIB * CACHE_OVERHEAD) + CACHE_BASE_MIB


def total_memory_gib(spec: Platform) -> float:
    """Memory limits of services, jobs, the largest release command, database and caches together, in GiB, without the platform's own containers."""
    services = sum(service.size.memory_gib * running_replicas(service) for service in spec.services.values())
    jobs = sum(spec.services[job.service].size.memory_gib for job in spec.jobs.values())
    # release commands run one after the other, beside the replicas
    release = max((spec.services[name].size.memory_gib for name in spec.releases), default=0.0)
    database = spec.database.size.memory_gib if spec.database else 0.0
    caches = sum(cache_limit_mib(cache.settings.memory_gib) / MIB_PER_GIB for cache in spec.all_caches)
    return round(services + jobs + release + database + caches, 2)


def running_replicas(service: Service) -> int:
    """Replicas that run at the same time: those of two revisions during a rollout in steps."""
    return service.replicas.min * (2 if service.rollout.in_steps else 1)


def sizes_by_key(spec: Platform) -> Mapping[str, Size | DatabaseSize]:
    """CPU and memory sizes of the spec by their configuration key."""
    services = {f"services.{name}.size": service.size for name, service in spec.services.items()}
    return {**services, "database.size": spec.database.size} if spec.database is not None else services


def size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Limits below Docker's minimum, and CPU shares that the provider would round."""
    return [
        refusal for key, size in sizes_by_key(spec).items() if (refusal := _refusal(key, size.vcpu, size.memory_gib))
    ]


def _refusal(key: str, vcpu: float, memory_gib: float) -> Unsupported | None:
    if memory_mib(memory_gib) < MIN_MEMORY_MIB or vcpu < MIN_VCPU:
        return Unsupported(
            "docker",
            key,
            problem=f"{vcpu:g} vCPU and {memory_gib:g} GiB are below Docker's minimum",
            fix=f"use at least {MIN_VCPU:g} vCPU and {MIN_MEMORY_MIB} MiB",
        )
    if float(cpus(vcpu)) != vcpu:
        return Unsupported(
            "docker",
            f"{key}.vcpu",
            problem=f"the Docker provider rounds {vcpu:g} vCPU to {float(cpus(vcpu)):g}",
            fix="use 0.1 or more",
        )
    return None
