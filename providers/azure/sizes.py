"""Sizes of Azure: PostgreSQL SKUs and disks, Managed Redis SKUs. Pure tables; apps have theirs in `app_sizes`.

Azure sells steps, not numbers. A request between two steps is rounded up and recorded; a request that no step reaches
is refused with the nearest one.
"""

from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import DatabaseSpec, Platform


@dataclass(frozen=True)
class ServerSize:
    """One SKU of a database server."""

    name: str
    tier: str
    vcpu: int
    memory_gib: int


def _steps(letter: str, tier: str, memory_gib_a_vcpu: int, steps: tuple[int, ...]) -> list[ServerSize]:
    return [ServerSize(f"Standard_{letter}{vcpu}ds_v5", tier, vcpu, vcpu * memory_gib_a_vcpu) for vcpu in steps]


BURSTABLE = (
    ServerSize("Standard_B1ms", "Burstable", 1, 2),
    ServerSize("Standard_B2s", "Burstable", 2, 4),
    ServerSize("Standard_B2ms", "Burstable", 2, 8),
    ServerSize("Standard_B4ms", "Burstable", 4, 16),
)
"""Servers that save up processor time; they have no standby."""

STEADY = tuple(
    sorted(
        [
            *_steps("D", "GeneralPurpose", 4, (2, 4, 8, 16, 32, 48, 64, 96)),
            *_steps("E", "MemoryOptimized", 8, (2, 4, 8, 16, 20, 32, 48, 64)),
            ServerSize("Standard_E96ds_v5", "MemoryOptimized", 96, 672),
        ],
        key=lambda size: (size.vcpu, size.memory_gib),
    )
)
"""Smallest first: Microsoft Learn, "Compute options in Azure Database for PostgreSQL flexible server"."""

DISKS_GIB = (32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767)
"""Premium SSD sizes a server may have: Microsoft Learn, "Storage options in Azure Database for PostgreSQL"."""
GROWTH_ENDS_GIB = 4095
"""Above it the disk is changed by hand and with a downtime (the same page, "Storage autogrow")."""

CACHES: dict[str, float] = {
    "Balanced_B0": 0.5,
    "Balanced_B1": 1,
    "Balanced_B3": 3,
    "Balanced_B5": 6,
    "Balanced_B10": 12,
    "Balanced_B20": 24,
}
"""Memory in GB by SKU, up to the largest that holds its data unsharded: Microsoft Learn, "Azure Managed Redis
architecture", sharding configuration and cluster policies. Only there do commands on several keys, which queues such
as Celery's live by, work from any client."""
RESERVED_PERCENT = 20
"""Share of the memory that Azure keeps for replication and failover (the same page, "Reserved memory")."""


def server_size(database: DatabaseSpec) -> ServerSize:
    """Smallest SKU that fits and has a standby where one is asked; ValueError above the largest."""
    fitting = _server_sizes(database)
    if not fitting:
        raise ValueError(f"no server has {database.size.vcpu:g} vCPU and {database.size.memory_gib:g} GiB")
    return fitting[0]


def disk_gib(database: DatabaseSpec) -> int:
    """Smallest disk of at least `storage_gib`; ValueError above the largest."""
    disk = next((size for size in DISKS_GIB if size >= database.storage_gib), None)
    if disk is None:
        raise ValueError(f"no disk has {database.storage_gib} GiB")
    return disk


def disk_grows(database: DatabaseSpec) -> bool:
    """True when the disk may become larger than it is at first."""
    return database.max_storage_gib > disk_gib(database)


def cache_sku(memory_gib: float) -> str:
    """Name of the smallest SKU that fits, such as `Balanced_B3`; ValueError above the largest."""
    sku = next((name for name, size in CACHES.items() if size >= memory_gib), None)
    if sku is None:
        raise ValueError(f"no cache has {memory_gib:g} GiB")
    return sku


def size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A database or a cache larger than the largest."""
    return [*_server_refusals(spec), *_disk_refusals(spec), *_cache_refusals(spec)]


def size_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes between two steps, rounded up, and memory that data cannot use."""
    return [*_server_adjustments(spec), *_disk_adjustments(spec), *_cache_adjustments(spec)]


def _server_sizes(database: DatabaseSpec) -> list[ServerSize]:
    offered = STEADY if database.high_availability else (*BURSTABLE, *STEADY)
    wanted = database.size
    fitting = [size for size in offered if size.vcpu >= wanted.vcpu and size.memory_gib >= wanted.memory_gib]
    return sorted(fitting, key=lambda size: (size.vcpu, size.memory_gib))


def _server_refusals(spec: Platform) -> list[Diagnostic]:
    if spec.database is None or _server_sizes(spec.database):
        return []
    largest = STEADY[-1]
    advice = f"{largest.name} is the largest, so vcpu is at most {largest.vcpu} and memory_gib {largest.memory_gib}"
    return [legacy_unsupported("azure", "database.size", _asked(spec.database), advice)]


def _disk_refusals(spec: Platform) -> list[Diagnostic]:
    if spec.database is None or spec.database.storage_gib <= DISKS_GIB[-1]:
        return []
    advice = f"the largest disk of a server has {DISKS_GIB[-1]} GiB; use that or less"
    return [legacy_unsupported("azure", "database.storage_gib", spec.database.storage_gib, advice)]


def _cache_refusals(spec: Platform) -> list[Diagnostic]:
    name, most = list(CACHES.items())[-1]
    if spec.cache is None or spec.cache.memory_gib <= most:
        return []
    advice = f"{name} is the largest that any client can use without knowing shards, so memory_gib is at most {most:g}"
    return [legacy_unsupported("azure", "cache.memory_gib", spec.cache.memory_gib, advice)]


def _server_adjustments(spec: Platform) -> list[Adjustment]:
    if spec.database is None or not _server_sizes(spec.database):
        return []
    size, asked = server_size(spec.database), spec.database.size
    if (size.vcpu, size.memory_gib) == (asked.vcpu, asked.memory_gib):
        return []
    given = f"{{vcpu: {size.vcpu}, memory_gib: {size.memory_gib}}} of {size.name}, the next SKU"
    return [legacy_adjustment("database.size", _asked(spec.database), given)]


def _disk_adjustments(spec: Platform) -> list[Adjustment]:
    database = spec.database
    if database is None or _disk_refusals(spec):
        return []
    found: list[Adjustment] = []
    disk = disk_gib(database)
    if disk != database.storage_gib:
        given = f"{disk} GiB, the next disk; a disk never becomes smaller"
        found.append(legacy_adjustment("database.storage_gib", database.storage_gib, given))
    if disk_grows(database):
        given = (
            f"growth by doubling from {disk} GiB, without a bound below {GROWTH_ENDS_GIB} GiB: "
            "the server knows only whether its disk may grow"
        )
        found.append(legacy_adjustment("database.max_storage_gib", database.max_storage_gib, given))
    elif database.max_storage_gib != disk:
        given = f"{disk} GiB, which the disk has from the start; it does not grow"
        found.append(legacy_adjustment("database.max_storage_gib", database.max_storage_gib, given))
    return found


def _cache_adjustments(spec: Platform) -> list[Adjustment]:
    if spec.cache is None or _cache_refusals(spec):
        return []
    sku = cache_sku(spec.cache.memory_gib)
    given = f"{CACHES[sku]:g} GB of {sku}, {RESERVED_PERCENT} % of it kept for replication and failover"
    return [legacy_adjustment("cache.memory_gib", spec.cache.memory_gib, given)]


def _asked(database: DatabaseSpec) -> dict[str, float]:
    return {"vcpu": database.size.vcpu, "memory_gib": database.size.memory_gib}
