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
from providers.contract.spec import DatabaseSize, Platform, Size

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


@dataclass(frozen=True)
class DatabaseClass:
    """One RDS instance class."""

    name: str
    vcpu: int
    memory_gib: int


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

CACHE_NODES: dict[str, int] = {
    "cache.t4g.micro": 536870912,
    "cache.t4g.small": 1471026299,
    "cache.t4g.medium": 3317862236,
    "cache.m7g.large": 6854542746,
    "cache.r7g.large": 14037181030,
    "cache.r7g.xlarge": 28261849702,
    "cache.r7g.2xlarge": 56711183565,
    "cache.r7g.4xlarge": 113609865216,
    "cache.r7g.8xlarge": 225000375228,
    "cache.r7g.12xlarge": 341206346547,
    "cache.r7g.16xlarge": 450000750456,
}
"""`maxmemory` in bytes by node, less than the node's memory: ElastiCache user guide, "Valkey and Redis OSS node-type
specific parameters". m7g above large holds less than r7g for the same money a GiB."""

RESERVED_PERCENT = 25
"""Share of `maxmemory` that ElastiCache keeps for snapshots and replication (`reserved-memory-percent`, its default)."""


def size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Services, database and cache of a size that AWS does not sell."""
    return [*fargate_refusals(spec), *database_size_refusals(spec), *cache_size_refusals(spec)]


def size_adjustments(spec: Platform) -> list[Adjustment]:
    """Services, database and cache whose size is rounded up."""
    return [*fargate_adjustments(spec), *database_size_adjustments(spec), *cache_size_adjustments(spec)]


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


def fargate_refusals(spec: Platform) -> list[Diagnostic]:
    """Sizes that no pair reaches without raising the vCPU, with the nearest pairs."""
    return [
        legacy_unsupported(
            "aws",
            f"services.{name}.size",
            _asked(service.size),
            f"Fargate has no such pair of vCPU and memory; take {listed(nearest_fargate(service.size))}",
        )
        for name, service in spec.services.items()
        if not _fits_fargate(service.size)
    ]


def fargate_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two pairs, rounded up."""
    fitting = {name: service.size for name, service in spec.services.items() if _fits_fargate(service.size)}
    return [
        legacy_adjustment(f"services.{name}.size", _asked(size), f"{fargate(size)}, the next pair that Fargate has")
        for name, size in fitting.items()
        if (fargate(size).vcpu, fargate(size).memory_gib) != (size.vcpu, size.memory_gib)
    ]


def database_class(size: DatabaseSize) -> str:
    """Name of the smallest class that fits, such as `db.r7g.large`; ValueError above the largest."""
    return _database_class(size).name


def database_memory_gib(size: DatabaseSize) -> int:
    """Memory in GiB of the class that `database_class` names."""
    return _database_class(size).memory_gib


def database_size_refusals(spec: Platform) -> list[Diagnostic]:
    """A database larger than the largest class."""
    if spec.database is None or _database_classes(spec.database.size):
        return []
    largest = DATABASE_CLASSES[-1]
    advice = f"{largest.name} is the largest, so vcpu is at most {largest.vcpu} and memory_gib {largest.memory_gib}"
    return [legacy_unsupported("aws", "database.size", _asked(spec.database.size), advice)]


def database_size_adjustments(spec: Platform) -> list[Adjustment]:
    """A database size between two classes, rounded up."""
    if spec.database is None or not _database_classes(spec.database.size):
        return []
    size, step = spec.database.size, _database_class(spec.database.size)
    if (step.vcpu, step.memory_gib) == (size.vcpu, size.memory_gib):
        return []
    given = f"{{vcpu: {step.vcpu}, memory_gib: {step.memory_gib}}} of {step.name}, the next instance class"
    return [legacy_adjustment("database.size", _asked(size), given)]


def cache_node(memory_gib: float) -> str:
    """Name of the smallest node whose `maxmemory` fits, such as `cache.t4g.medium`; ValueError above the largest."""
    node = next((name for name in CACHE_NODES if _gib(CACHE_NODES[name]) >= memory_gib), None)
    if node is None:
        raise ValueError(f"no cache node has {memory_gib:g} GiB")
    return node


def cache_size_refusals(spec: Platform) -> list[Diagnostic]:
    """A cache larger than the largest node."""
    largest = list(CACHE_NODES)[-1]
    most = _gib(CACHE_NODES[largest])
    if spec.cache is None or spec.cache.memory_gib <= most:
        return []
    advice = f"{largest} is the largest node, so memory_gib is at most {most:.0f}"
    return [legacy_unsupported("aws", "cache.memory_gib", _as_written(spec.cache.memory_gib), advice)]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """The node's own memory, and the share of it that data cannot use."""
    if spec.cache is None or cache_size_refusals(spec):
        return []
    node = cache_node(spec.cache.memory_gib)
    given = f"{_gib(CACHE_NODES[node]):.2f} GiB of {node}, {RESERVED_PERCENT} % of it kept for snapshots and failover"
    return [legacy_adjustment("cache.memory_gib", _as_written(spec.cache.memory_gib), given)]


def _cpu_units(size: Size) -> int | None:
    return _at_least(size.vcpu * 1024, FARGATE)


def _fits_fargate(size: Size) -> bool:
    cpu_units = _cpu_units(size)
    return cpu_units is not None and FARGATE[cpu_units][-1] >= size.memory_gib * 1024


def _at_least(asked: float, steps: Iterable[int]) -> int | None:
    return next((step for step in steps if step >= asked), None)


def _database_classes(size: DatabaseSize) -> list[DatabaseClass]:
    return [step for step in DATABASE_CLASSES if step.vcpu >= size.vcpu and step.memory_gib >= size.memory_gib]


def _database_class(size: DatabaseSize) -> DatabaseClass:
    fitting = _database_classes(size)
    if not fitting:
        raise ValueError(f"no RDS instance class has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return fitting[0]


def _asked(size: Size | DatabaseSize) -> dict[str, float]:
    return {"vcpu": _as_written(size.vcpu), "memory_gib": _as_written(size.memory_gib)}


def _as_written(number: float) -> float:
    """1 for 1.0: pydantic makes every whole number of the stack file a float."""
    return int(number) if number.is_integer() else number


def _gib(size_bytes: int) -> float:
    return size_bytes / 2**30
