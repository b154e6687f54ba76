"""CPU and memory limits of Cloud Run. Pure.

Cloud Run has whole vCPUs, each with a range of memory. A size between two steps is rounded up and reported; a size that
no step fits is refused with the nearest ones. Less than one vCPU exists only in the first generation execution
environment, with one request at a time, so the smallest replica has one vCPU.
"""

from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import Platform, Size

MEMORY_MIB: dict[int, tuple[int, int]] = {
    1: (512, 4 * 1024),
    2: (512, 8 * 1024),
    4: (2 * 1024, 16 * 1024),
    6: (4 * 1024, 24 * 1024),
    8: (4 * 1024, 32 * 1024),
}
"""Minimum and maximum memory in MiB by vCPU: Cloud Run documentation, "Configure CPU limits" and "Configure memory
limits"; 512 MiB is the minimum of the second generation execution environment."""
MAX_VCPU = max(MEMORY_MIB)
MAX_MEMORY_MIB = MEMORY_MIB[MAX_VCPU][1]


@dataclass(frozen=True)
class RunSize:
    """CPU and memory limit of one container."""

    vcpu: int
    memory_mib: int

    @property
    def memory_gib(self) -> float:
        """Memory in GiB."""
        return self.memory_mib / 1024

    @property
    def limits(self) -> dict[str, str]:
        """Limits as Kubernetes quantities: `{"cpu": "1", "memory": "2048Mi"}`."""
        return {"cpu": str(self.vcpu), "memory": f"{self.memory_mib}Mi"}

    def __str__(self) -> str:
        return f"{{vcpu: {self.vcpu}, memory_gib: {self.memory_gib:g}}}"


def run_size(size: Size) -> RunSize:
    """Smallest limits that fit the requested vCPU and memory; ValueError for a size that `run_size_refusals` refuses."""
    vcpu = _vcpu_step(size)
    if vcpu is None or not fits(size):
        raise ValueError(f"Cloud Run has no {size.vcpu:g} vCPU with {size.memory_gib:g} GiB")
    return RunSize(vcpu, max(_memory_mib(size), MEMORY_MIB[vcpu][0]))


def fits(size: Size) -> bool:
    """True when the next vCPU step has the requested memory."""
    vcpu = _vcpu_step(size)
    return vcpu is not None and _memory_mib(size) <= MEMORY_MIB[vcpu][1]


def nearest_run_sizes(size: Size) -> list[RunSize]:
    """Return the limits with the requested vCPU, and those with the requested memory, up to the maximum."""
    vcpu = _vcpu_step(size) or MAX_VCPU
    steps_with_memory = (step for step in MEMORY_MIB if step >= vcpu and MEMORY_MIB[step][1] >= _memory_mib(size))
    larger = next(steps_with_memory, MAX_VCPU)
    return list(dict.fromkeys(RunSize(step, _clamped_mib(step, _memory_mib(size))) for step in (vcpu, larger)))


def run_size_refusals(spec: Platform) -> list[Diagnostic]:
    """Refuse sizes that need more vCPU than requested, with the nearest limits."""
    return [
        Unsupported(
            "gcp",
            f"services.{name}.size",
            problem=(
                f"{size_text(service.size)} is not available; Cloud Run has at most {MAX_VCPU} vCPU and "
                f"{MAX_MEMORY_MIB // 1024} GiB, and less memory for fewer vCPU"
            ),
            fix=f"use {listed(nearest_run_sizes(service.size))}",
        )
        for name, service in spec.services.items()
        if not fits(service.size)
    ]


def run_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Report sizes that are rounded up."""
    return [
        Adjustment(
            f"services.{name}.size",
            requested={"vcpu": service.size.vcpu, "memory_gib": service.size.memory_gib},
            effect=Effect.ADJUSTED,
            reason=f"{run_size(service.size)}; the next size of Cloud Run",
        )
        for name, service in spec.services.items()
        if fits(service.size) and not _is_exact(service.size)
    ]


def size_text(size: Size) -> str:
    """Size as the stack file writes it."""
    return f"{{vcpu: {size.vcpu:g}, memory_gib: {size.memory_gib:g}}}"


def _is_exact(size: Size) -> bool:
    limits = run_size(size)
    return (limits.vcpu, limits.memory_gib) == (size.vcpu, size.memory_gib)


def _vcpu_step(size: Size) -> int | None:
    return next((step for step in MEMORY_MIB if step >= size.vcpu), None)


def _memory_mib(size: Size) -> int:
    return ceil(size.memory_gib * 1024)


def _clamped_mib(vcpu: int, memory_mib: int) -> int:
    min_mib, max_mib = MEMORY_MIB[vcpu]
    return min(max(memory_mib, min_mib), max_mib)
