"""Sizes of Container Apps: combinations of vCPU and memory on the Consumption profile. Pure tables.

A replica has 0.25 to 4 vCPU in steps of 0.25, and 2 GiB of memory per vCPU. All containers of a replica share one
combination, so a replica with a metrics collector uses the next step. A size between two steps is refused with the
nearest ones, because another size has another price.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Diagnostic, Unsupported, listed
from providers.contract.prometheus import scrape_endpoint
from providers.contract.spec import Platform, Service, Size

STEP_VCPU = 0.25
MAX_VCPU = 4.0
GIB_PER_VCPU = 2
"""Microsoft Learn, "Containers in Azure Container Apps", allocations of the Consumption workload profile."""
COLLECTOR_SIZE = Size(vcpu=STEP_VCPU, memory_gib=STEP_VCPU * GIB_PER_VCPU)
"""Size of the container that sends a service's metrics to the managed Prometheus."""
MEMORY_GIB_BY_VCPU: dict[float, float] = {
    step * STEP_VCPU: step * STEP_VCPU * GIB_PER_VCPU for step in range(1, round(MAX_VCPU / STEP_VCPU) + 1)
}
"""Every size that a replica can have, smallest first."""


def memory_quantity(size: Size) -> str:
    """Return the memory in the format of Container Apps: `2Gi`, `0.5Gi`."""
    return f"{size.memory_gib:g}Gi"


def has_collector(spec: Platform, service: Service) -> bool:
    """True when a second container sends the service's metrics to the managed Prometheus."""
    return spec.monitoring.prometheus and scrape_endpoint(service) is not None


def nearest_sizes(size: Size) -> list[str]:
    """Return the size with at least the requested vCPU, and the one with at least the requested memory."""
    by_vcpu = next((vcpu for vcpu in MEMORY_GIB_BY_VCPU if vcpu >= size.vcpu), MAX_VCPU)
    by_memory = next((vcpu for vcpu, gib in MEMORY_GIB_BY_VCPU.items() if gib >= size.memory_gib), MAX_VCPU)
    return [
        f"{{vcpu: {vcpu:g}, memory_gib: {MEMORY_GIB_BY_VCPU[vcpu]:g}}}" for vcpu in dict.fromkeys((by_vcpu, by_memory))
    ]


def app_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes that Container Apps does not offer, and replicas that are too large for a metrics collector."""
    return [refusal for name, service in spec.services.items() for refusal in _refusals(spec, name, service)]


def _refusals(spec: Platform, name: str, service: Service) -> Iterator[Diagnostic]:
    size, key = service.size, f"services.{name}.size"
    if MEMORY_GIB_BY_VCPU.get(size.vcpu) != size.memory_gib:
        yield Unsupported(
            "azure",
            key,
            problem=(
                f"{size.vcpu:g} vCPU with {size.memory_gib:g} GiB is not offered; a replica has {STEP_VCPU:g} to "
                f"{MAX_VCPU:g} vCPU in steps of {STEP_VCPU:g} and {GIB_PER_VCPU} GiB per vCPU"
            ),
            fix=f"use {listed(nearest_sizes(size))}",
        )
    elif has_collector(spec, service) and size.vcpu + COLLECTOR_SIZE.vcpu > MAX_VCPU:
        yield Unsupported(
            "azure",
            key,
            problem=(
                f"{size.vcpu:g} vCPU and the metrics collector's {COLLECTOR_SIZE.vcpu:g} exceed the {MAX_VCPU:g} vCPU of "
                "a replica"
            ),
            fix="use a smaller size, or set monitoring.prometheus to false",
        )
