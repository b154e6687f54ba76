"""Fargate sizes: pairs of CPU and memory. Pure.

A size between two pairs is rounded up and recorded as an adjustment; a size with too much or too little memory for its CPU
is refused with the nearest pairs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import Platform, Size

FARGATE: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""Memory in MiB by CPU units (1024 per vCPU): Amazon ECS developer guide, "Task CPU and memory"."""


@dataclass(frozen=True)
class FargateSize:
    """CPU and memory of a task, in the units of its definition."""

    cpu_units: int
    memory_mib: int

    @property
    def vcpu(self) -> float:
        """Virtual CPUs."""
        return self.cpu_units / 1024

    @property
    def memory_gib(self) -> float:
        """Memory in GiB."""
        return self.memory_mib / 1024

    def __str__(self) -> str:
        return f"{{vcpu: {self.vcpu:g}, memory_gib: {self.memory_gib:g}}}"


def fargate(size: Size) -> FargateSize:
    """Smallest pair with at least the requested vCPU and memory; raises ValueError for sizes that are refused."""
    cpu_units = _cpu_units(size)
    memory_mib = _round_up(size.memory_gib * 1024, FARGATE.get(cpu_units or 0, ()))
    if not fits_fargate(size) or cpu_units is None or memory_mib is None:
        raise ValueError(f"no Fargate size has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return FargateSize(cpu_units, memory_mib)


def nearest_fargate(size: Size) -> list[FargateSize]:
    """The pair that keeps the requested vCPU, and the one that keeps the requested memory, within the table."""
    memory_mib = size.memory_gib * 1024
    cpu_units = _cpu_units(size) or max(FARGATE)
    kept_cpu = FargateSize(cpu_units, _round_up(memory_mib, FARGATE[cpu_units]) or FARGATE[cpu_units][-1])
    sufficient = (units for units in FARGATE if units >= cpu_units and FARGATE[units][-1] >= memory_mib)
    larger = next(sufficient, max(FARGATE))
    kept_memory = FargateSize(larger, _round_up(memory_mib, FARGATE[larger]) or FARGATE[larger][-1])
    return list(dict.fromkeys((kept_cpu, kept_memory)))


def fargate_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes whose memory no pair has with their vCPU."""
    return [
        Unsupported(
            "aws",
            f"services.{name}.size",
            problem=f"Fargate has no size with {service.size.vcpu:g} vCPU and {service.size.memory_gib:g} GiB",
            fix=f"use {listed(nearest_fargate(service.size))}",
        )
        for name, service in spec.services.items()
        if not fits_fargate(service.size)
    ]


def fargate_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two pairs."""
    fitting = {name: service.size for name, service in spec.services.items() if fits_fargate(service.size)}
    return [
        Adjustment(
            f"services.{name}.size",
            requested=size.model_dump(),
            effect=Effect.ADJUSTED,
            reason=f"{fargate(size)}, the smallest Fargate size that fits",
        )
        for name, size in fitting.items()
        if (fargate(size).vcpu, fargate(size).memory_gib) != (size.vcpu, size.memory_gib)
    ]


def _cpu_units(size: Size) -> int | None:
    return _round_up(size.vcpu * 1024, FARGATE)


def fits_fargate(size: Size) -> bool:
    """True when the requested memory is in the range of the smallest pairs with at least the requested vCPU."""
    cpu_units = _cpu_units(size)
    return cpu_units is not None and FARGATE[cpu_units][0] <= size.memory_gib * 1024 <= FARGATE[cpu_units][-1]


def _round_up(number: float, steps: Iterable[int]) -> int | None:
    return next((step for step in steps if step >= number), None)
