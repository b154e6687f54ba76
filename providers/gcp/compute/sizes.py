"""Cloud Run's pairs of vCPU and memory. Pure tables.

Cloud Run sells whole vCPUs, each with a span of memory. A request between two steps is rounded up and recorded; a
request that no step reaches is refused with the nearest ones. Less than one vCPU exists only in the first generation
execution environment, with one request at a time, so the smallest copy here has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
from providers.contract.spec import Platform, Size

PAIRS: dict[int, tuple[int, int]] = {
    1: (512, 4 * 1024),
    2: (512, 8 * 1024),
    4: (2 * 1024, 16 * 1024),
    6: (4 * 1024, 24 * 1024),
    8: (4 * 1024, 32 * 1024),
}
"""Least and most memory in MiB by vCPU: Cloud Run, "Configure CPU limits" and "Configure memory limits"; 512 MiB is
the least of the second generation execution environment."""


@dataclass(frozen=True)
class RunSize:
    """vCPU and memory of one copy, as Cloud Run sells them."""

    vcpu: int
    memory_mib: int

    @property
    def memory_gib(self) -> float:
        """Memory in GiB."""
        return self.memory_mib / 1024

    @property
    def limits(self) -> dict[str, str]:
        """The container's limits in Kubernetes' quantities: `{"cpu": "1", "memory": "2048Mi"}`."""
        return {"cpu": str(self.vcpu), "memory": f"{self.memory_mib}Mi"}

    def __str__(self) -> str:
        return f"{{vcpu: {self.vcpu}, memory_gib: {self.memory_gib:g}}}"


def run_size(size: Size) -> RunSize:
    """Smallest pair with at least the asked vCPU and memory; ValueError for what `run_size_refusals` refuses."""
    vcpu = _vcpu(size)
    if vcpu is None or not fits(size):
        raise ValueError(f"Cloud Run has no {size.vcpu:g} vCPU with {size.memory_gib:g} GiB")
    return RunSize(vcpu, max(_mib(size), PAIRS[vcpu][0]))


def fits(size: Size) -> bool:
    """True when a pair has the asked vCPU and memory without more vCPU than the next step."""
    vcpu = _vcpu(size)
    return vcpu is not None and _mib(size) <= PAIRS[vcpu][1]


def asked(size: Size) -> dict[str, float]:
    """The size as the stack file writes it."""
    return {"vcpu": size.vcpu, "memory_gib": size.memory_gib}


def nearest_run_sizes(size: Size) -> list[RunSize]:
    """The pair that keeps the asked vCPU, and the one that keeps the asked memory, as far as the table goes."""
    vcpu = _vcpu(size) or max(PAIRS)
    kept_cpu = RunSize(vcpu, _within(vcpu, _mib(size)))
    larger = next((step for step in PAIRS if step >= vcpu and PAIRS[step][1] >= _mib(size)), max(PAIRS))
    return list(dict.fromkeys((kept_cpu, RunSize(larger, _within(larger, _mib(size))))))


def run_size_refusals(spec: Platform) -> list[Diagnostic]:
    """Sizes that no pair reaches without raising the vCPU, with the nearest pairs."""
    most = f"Cloud Run gives at most {max(PAIRS)} vCPU and {PAIRS[max(PAIRS)][1] // 1024} GiB, and less to fewer vCPU"
    return [
        legacy_unsupported(
            "gcp", f"services.{name}.size", asked(size), f"{most}; take {listed(nearest_run_sizes(size))}"
        )
        for name, size in _sizes(spec)
        if not fits(size)
    ]


def run_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two pairs, rounded up."""
    return [
        legacy_adjustment(f"services.{name}.size", asked(size), f"{run_size(size)}, the next pair that Cloud Run has")
        for name, size in _sizes(spec)
        if fits(size) and (run_size(size).vcpu, run_size(size).memory_gib) != (size.vcpu, size.memory_gib)
    ]


def _sizes(spec: Platform) -> Iterable[tuple[str, Size]]:
    return ((name, service.size) for name, service in spec.services.items())


def _vcpu(size: Size) -> int | None:
    return next((step for step in PAIRS if step >= size.vcpu), None)


def _mib(size: Size) -> int:
    return ceil(size.memory_gib * 1024)


def _within(vcpu: int, memory_mib: int) -> int:
    least, most = PAIRS[vcpu]
    return min(max(memory_mib, least), most)
