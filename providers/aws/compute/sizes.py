"""Sizes of AWS: Fargate's pairs of CPU and memory, RDS instance classes, ElastiCache nodes. Pure tables.

AWS sells steps, not numbers. A request between two steps is rounded up and recorded; a request that no step reaches is
refused with the nearest ones. Graviton (ARM) families of the seventh generation, because every region that has
Fargate's ARM capacity has them; the burstable t4g stands in only below the smallest steady class.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
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
"""Memory in MiB by CPU units (1024 a vCPU): Amazon ECS developer guide, "Task CPU and memory"."""


@dataclass(frozen=True)
class FargateSize:
    """CPU and memory of a task, in the numbers its definition takes."""

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
    """Smallest pair with at least the asked vCPU and memory; ValueError for what `fargate_refusals` refuses."""
    cpu_units = _cpu_units(size)
    memory_mib = _at_least(size.memory_gib * 1024, FARGATE.get(cpu_units or 0, ()))
    if cpu_units is None or memory_mib is None:
        raise ValueError(f"no Fargate size has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return FargateSize(cpu_units, memory_mib)


def nearest_fargate(size: Size) -> list[FargateSize]:
    """The pair that keeps the asked vCPU, and the one that keeps the asked memory, as far as the table goes."""
    asked_mib = size.memory_gib * 1024
    cpu_units = _cpu_units(size) or max(FARGATE)
    kept_cpu = FargateSize(cpu_units, _at_least(asked_mib, FARGATE[cpu_units]) or FARGATE[cpu_units][-1])
    holders = (units for units in FARGATE if units >= cpu_units and FARGATE[units][-1] >= asked_mib)
    larger = next(holders, max(FARGATE))
    kept_memory = FargateSize(larger, _at_least(asked_mib, FARGATE[larger]) or FARGATE[larger][-1])
    return list(dict.fromkeys((kept_cpu, kept_memory)))


def fargate_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes that no pair reaches without raising the vCPU, with the nearest pairs."""
    return [
        legacy_unsupported(
            "aws",
            f"services.{name}.size",
            service.size.model_dump(),
            f"Fargate has no such pair of vCPU and memory; take {listed(nearest_fargate(service.size))}",
        )
        for name, service in spec.services.items()
        if not _fits_fargate(service.size)
    ]


def fargate_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two pairs, rounded up."""
    fitting = {name: service.size for name, service in spec.services.items() if _fits_fargate(service.size)}
    return [
        legacy_adjustment(
            f"services.{name}.size", size.model_dump(), f"{fargate(size)}, the next pair that Fargate has"
        )
        for name, size in fitting.items()
        if (fargate(size).vcpu, fargate(size).memory_gib) != (size.vcpu, size.memory_gib)
    ]


def _cpu_units(size: Size) -> int | None:
    return _at_least(size.vcpu * 1024, FARGATE)


def _fits_fargate(size: Size) -> bool:
    cpu_units = _cpu_units(size)
    return cpu_units is not None and FARGATE[cpu_units][-1] >= size.memory_gib * 1024


def _at_least(asked: float, steps: Iterable[int]) -> int | None:
    return next((step for step in steps if step >= asked), None)
