"""RDS instance classes, and the bounds of storage autoscaling. Pure.

Graviton (ARM) families of the seventh generation, which every region with Fargate offers; the burstable t4g only below
the smallest steady class.
"""

from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import DatabaseSize, DatabaseSpec, Platform


@dataclass(frozen=True)
class DatabaseClass:
    """RDS instance class."""

    name: str
    vcpu: int
    memory_gib: int


MIN_GROWTH_PERCENT = 10
"""Minimum distance of the upper bound: Amazon RDS user guide, "Managing capacity automatically"."""


def _family(family: str, memory_gib_per_vcpu: int) -> list[DatabaseClass]:
    sizes = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
    return [DatabaseClass(f"db.{family}.{size}", vcpu, vcpu * memory_gib_per_vcpu) for size, vcpu in sizes.items()]


DATABASE_CLASSES = sorted(
    [
        DatabaseClass("db.t4g.micro", 2, 1),
        DatabaseClass("db.t4g.small", 2, 2),
        DatabaseClass("db.t4g.medium", 2, 4),
        *_family("m7g", 4),
        *_family("r7g", 8),
    ],
    key=lambda step: (step.vcpu, step.memory_gib),
)
"""Smallest first: Amazon RDS user guide, "Hardware specifications for DB instance classes"."""


def database_class(size: DatabaseSize) -> str:
    """Name of the smallest class that fits, such as `db.r7g.large`; raises ValueError above the largest."""
    return _database_class(size).name


def database_memory_gib(size: DatabaseSize) -> int:
    """Memory of the class that `database_class` returns, in GiB."""
    return _database_class(size).memory_gib


def database_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes above the largest class."""
    if spec.database is None or _database_classes(spec.database.size):
        return []
    size, largest = spec.database.size, DATABASE_CLASSES[-1]
    return [
        Unsupported(
            "aws",
            "database.size",
            problem=f"{size.vcpu:g} vCPU and {size.memory_gib:g} GiB exceed {largest.name}, the largest instance class",
            fix=f"use at most {largest.vcpu} vCPU and {largest.memory_gib} GiB",
        )
    ]


def database_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two classes."""
    if spec.database is None or not _database_classes(spec.database.size):
        return []
    size, step = spec.database.size, _database_class(spec.database.size)
    if (step.vcpu, step.memory_gib) == (size.vcpu, size.memory_gib):
        return []
    declared = f"{{vcpu: {step.vcpu}, memory_gib: {step.memory_gib}}} ({step.name})"
    return [
        Adjustment(
            "database.size",
            requested=size.model_dump(),
            effect=Effect.ADJUSTED,
            reason=f"{declared}, the smallest instance class that fits",
        )
    ]


def _database_classes(size: DatabaseSize) -> list[DatabaseClass]:
    return [step for step in DATABASE_CLASSES if step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib]


def _database_class(size: DatabaseSize) -> DatabaseClass:
    fitting = _database_classes(size)
    if not fitting:
        raise ValueError(f"no RDS instance class has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return fitting[0]


def max_allocated_storage_gib(database: DatabaseSpec) -> int:
    """Value of `max_allocated_storage`: the upper bound in GiB, 0 when the storage does not grow."""
    return database.max_storage_gib if database.max_storage_gib > database.storage_gib else 0


def storage_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Upper bounds within 10 % of the initial storage, which RDS rejects."""
    database = spec.database
    if database is None or max_allocated_storage_gib(database) == 0:
        return []
    min_gib = -(-database.storage_gib * (100 + MIN_GROWTH_PERCENT) // 100)
    if database.max_storage_gib >= min_gib:
        return []
    return [
        Unsupported(
            "aws",
            "database.max_storage_gib",
            problem=f"{database.max_storage_gib} GiB is less than {MIN_GROWTH_PERCENT} % above storage_gib",
            fix=f"use {min_gib} or more, or {database.storage_gib} for storage that does not grow",
        )
    ]
