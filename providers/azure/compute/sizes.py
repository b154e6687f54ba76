"""Sizes of Container Apps: pairs of vCPU and memory on the Consumption profile. Pure tables.

A copy has a quarter of a vCPU to four, in quarters, and twice as many GiB of memory. All containers of a copy share one
pair, so a copy that carries a collector of metrics takes the next quarter. A pair between two steps is refused with the
nearest ones: what was asked would be another size, at another price.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Diagnostic, legacy_unsupported, listed
from providers.contract.spec import Platform, Service, Size

STEP_VCPU = 0.25
MOST_VCPU = 4.0
GIB_A_VCPU = 2
"""Microsoft Learn, "Containers in Azure Container Apps", allocations of the Consumption workload profile."""
COLLECTOR = Size(vcpu=STEP_VCPU, memory_gib=STEP_VCPU * GIB_A_VCPU)
"""What the container beside a service takes that sends its metrics to the managed Prometheus."""
PAIRS: dict[float, float] = {
    step * STEP_VCPU: step * STEP_VCPU * GIB_A_VCPU for step in range(1, round(MOST_VCPU / STEP_VCPU) + 1)
}
"""Memory in GiB by vCPU."""


def memory(size: Size) -> str:
    """Memory as Container Apps writes it: `2Gi`, `0.5Gi`."""
    return f"{size.memory_gib:g}Gi"


def has_collector(spec: Platform, service: Service) -> bool:
    """True when a second container sends the service's metrics to the managed Prometheus."""
    return spec.monitoring.prometheus and service.port is not None


def nearest_pairs(size: Size) -> list[str]:
    """The pair that keeps at least the asked vCPU, and the one that keeps at least the asked memory."""
    by_vcpu = next((vcpu for vcpu in PAIRS if vcpu >= size.vcpu), MOST_VCPU)
    by_memory = next((vcpu for vcpu, gib in PAIRS.items() if gib >= size.memory_gib), MOST_VCPU)
    return [f"{{vcpu: {vcpu:g}, memory_gib: {PAIRS[vcpu]:g}}}" for vcpu in dict.fromkeys((by_vcpu, by_memory))]


def app_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Pairs that Container Apps does not sell, and copies too large to carry a collector."""
    return list(_refusals(spec))


def _refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        size, path = service.size, f"services.{name}.size"
        if PAIRS.get(size.vcpu) != size.memory_gib:
            advice = (
                f"a copy has {STEP_VCPU:g} to {MOST_VCPU:g} vCPU in steps of {STEP_VCPU:g} and {GIB_A_VCPU} GiB for each; "
                f"take {listed(nearest_pairs(size))}"
            )
            yield legacy_unsupported("azure", path, asked(size), advice)
        elif has_collector(spec, service) and size.vcpu + COLLECTOR.vcpu > MOST_VCPU:
            advice = (
                f"the containers of a copy share {MOST_VCPU:g} vCPU, and the one that sends its metrics takes "
                f"{COLLECTOR.vcpu:g}; ask for less, or set monitoring.prometheus to false"
            )
            yield legacy_unsupported("azure", path, asked(size), advice)


def asked(size: Size) -> dict[str, float]:
    """The size as the stack file writes it."""
    return {"vcpu": size.vcpu, "memory_gib": size.memory_gib}
