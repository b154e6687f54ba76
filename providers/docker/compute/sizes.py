"""Sizes in Docker's units, and what all containers may take together. Pure.

A container may use as much as its limit and no more; nothing is set aside for it, so limits may add up to more than the
machine has. Whether they do is seen where the machine can be asked.
"""

from collections.abc import Mapping
from math import ceil

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.spec import DatabaseSize, Platform, Size

MIB_A_GIB = 1024
LEAST_MIB = 6
"""The least memory limit that Docker takes: Docker documentation, "Resource constraints"."""
LEAST_VCPU = 0.01
TOLD_ZEROS = 9
"""Zeros by which pulumi-docker 5.2.0 knows a round number of CPUs; it takes 0.05 for one, and tells it back as 0.1."""
CACHE_OVERHEAD = 1.25
"""A cache's own tables, its output buffers and the copy it makes when it writes its log anew."""
CACHE_BASE_MIB = 64


def memory_mib(memory_gib: float) -> int:
    """Memory limit in MiB."""
    return ceil(memory_gib * MIB_A_GIB)


def cpus(vcpu: float) -> str:
    """CPU limit as the provider tells it back: `0.5`, `2.0`, `10.`; otherwise it would see a change in every update."""
    text = f"{vcpu:.9f}"
    return f"{vcpu:.1f}" if text.count("0") == TOLD_ZEROS else text.rstrip("0")


def cache_limit_mib(memory_gib: float) -> int:
    """Memory limit of the cache's container, which must hold more than the entries that the spec counts."""
    return ceil(memory_gib * MIB_A_GIB * CACHE_OVERHEAD) + CACHE_BASE_MIB


def needed_gib(spec: Platform) -> float:
    """Memory that services, database and cache may take together, in GiB; the platform's own parts take 2 more."""
    services = sum(service.size.memory_gib * service.replicas.min for service in spec.services.values())
    database = spec.database.size.memory_gib if spec.database else 0.0
    cache = cache_limit_mib(spec.cache.memory_gib) / MIB_A_GIB if spec.cache else 0.0
    return round(services + database + cache, 2)


def sizes(spec: Platform) -> Mapping[str, Size | DatabaseSize]:
    """Every size of CPU and memory that the spec asks for, by its key."""
    services = {f"services.{name}.size": service.size for name, service in spec.services.items()}
    return {**services, "database.size": spec.database.size} if spec.database is not None else services


def size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Limits below what Docker takes, and shares of a CPU that the provider would tell back otherwise."""
    return [
        legacy_unsupported("docker", path, size.model_dump(), advice)
        for path, size in sizes(spec).items()
        if (advice := _advice(size.vcpu, size.memory_gib))
    ]


def _advice(vcpu: float, memory_gib: float) -> str:
    if memory_mib(memory_gib) < LEAST_MIB or vcpu < LEAST_VCPU:
        return f"a container has at least {LEAST_VCPU:g} vCPU and {LEAST_MIB} MiB; ask for that or more"
    if float(cpus(vcpu)) != vcpu:
        return f"the Docker provider tells {vcpu:g} vCPU back as {float(cpus(vcpu)):g}; ask for 0.1 or more"
    return ""
