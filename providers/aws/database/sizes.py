"""RDS instance classes. Pure."""

from dataclasses import dataclass

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
)
from providers.contract.spec import DatabaseSize, DatabaseSpec, Platform


@dataclass(frozen=True)
class DatabaseClass:
    """One RDS instance class."""

    name: str
    vcpu: int
    memory_gib: int


LEAST_GROWTH_PERCENT = 10
"""Storage autoscaling wants its bound so far above the disk: Amazon RDS user guide, "Managing capacity automatically"."""


def _steps(family: str, memory_gib_a_vcpu: int) -> list[DatabaseClass]:
    steps = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
    return [DatabaseClass(f"db.{family}.{step}", vcpu, vcpu * memory_gib_a_vcpu) for step, vcpu in steps.items()]


DATABASE_CLASSES = sorted(
    [
        DatabaseClass("db.t4g.micro", 2, 1),
        DatabaseClass("db.t4g.small", 2, 2),
        DatabaseClass("db.t4g.medium", 2, 4),
        *_steps("m7g", 4),
        *_steps("r7g", 8),
    ],
    key=lambda step: (step.vcpu, step.memory_gib),
)
"""Smallest first: Amazon RDS user guide, "Hardware specifications for DB instance classes"."""


def database_class(size: DatabaseSize) -> str:
    """Name of the smallest class that fits, such as `db.r7g.large`; ValueError above the largest."""
    return _database_class(size).name


def database_memory_gib(size: DatabaseSize) -> int:
    """Memory in GiB of the class that `database_class` names."""
    return _database_class(size).memory_gib


def database_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A database larger than the largest class."""
    if spec.database is None or _database_classes(spec.database.size):
        return []
    largest = DATABASE_CLASSES[-1]
    advice = f"{largest.name} is the largest, so vcpu is at most {largest.vcpu} and memory_gib {largest.memory_gib}"
    return [legacy_unsupported("aws", "database.size", spec.database.size.model_dump(), advice)]


def database_size_adjustments(spec: Platform) -> list[Adjustment]:
    """A database size between two classes, rounded up."""
    if spec.database is None or not _database_classes(spec.database.size):
        return []
    size, step = spec.database.size, _database_class(spec.database.size)
    if (step.vcpu, step.memory_gib) == (size.vcpu, size.memory_gib):
        return []
    given = f"{{vcpu: {step.vcpu}, memory_gib: {step.memory_gib}}} of {step.name}, the next instance class"
    return [legacy_adjustment("database.size", size.model_dump(), given)]


def _database_classes(size: DatabaseSize) -> list[DatabaseClass]:
    return [step for step in DATABASE_CLASSES if step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib]


def _database_class(size: DatabaseSize) -> DatabaseClass:
    fitting = _database_classes(size)
    if not fitting:
        raise ValueError(f"no RDS instance class has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return fitting[0]


def most_storage_gib(database: DatabaseSpec) -> int:
    """What `max_allocated_storage` takes: the upper bound in GiB, 0 for a disk that does not grow."""
    return database.max_storage_gib if database.max_storage_gib > database.storage_gib else 0


def disk_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A disk that may grow by less than RDS's smallest step; one that may not grow at all is fine."""
    database = spec.database
    if database is None or most_storage_gib(database) == 0:
        return []
    least = -(-database.storage_gib * (100 + LEAST_GROWTH_PERCENT) // 100)
    if database.max_storage_gib >= least:
        return []
    advice = (
        f"RDS lets a disk of {database.storage_gib} GiB grow to {least} GiB at least; "
        f"take that, or {database.storage_gib} for a disk that does not grow"
    )
    return [legacy_unsupported("aws", "database.max_storage_gib", database.max_storage_gib, advice)]
