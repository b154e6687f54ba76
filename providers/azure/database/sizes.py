"""Compute sizes and disks of a flexible server. Pure tables.

Azure sells fixed SKUs and disk sizes. A request between two of them is rounded up and reported as an adjustment.
"""

from dataclasses import dataclass

from providers.contract.spec import DatabaseSpec


@dataclass(frozen=True)
class ServerSize:
    """One SKU of a database server."""

    name: str
    tier: str
    vcpu: int
    memory_gib: int


def _series(letter: str, tier: str, memory_gib_per_vcpu: int, vcpus: tuple[int, ...]) -> list[ServerSize]:
    return [ServerSize(f"Standard_{letter}{vcpu}ds_v5", tier, vcpu, vcpu * memory_gib_per_vcpu) for vcpu in vcpus]


BURSTABLE = (
    ServerSize("Standard_B1ms", "Burstable", 1, 2),
    ServerSize("Standard_B2s", "Burstable", 2, 4),
    ServerSize("Standard_B2ms", "Burstable", 2, 8),
    ServerSize("Standard_B4ms", "Burstable", 4, 16),
)
"""Servers with CPU credits; the tier has no high availability."""

PROVISIONED = tuple(
    sorted(
        [
            *_series("D", "GeneralPurpose", 4, (2, 4, 8, 16, 32, 48, 64, 96)),
            *_series("E", "MemoryOptimized", 8, (2, 4, 8, 16, 20, 32, 48, 64)),
            ServerSize("Standard_E96ds_v5", "MemoryOptimized", 96, 672),
        ],
        key=lambda size: (size.vcpu, size.memory_gib),
    )
)
"""Smallest first: Microsoft Learn, "Compute options in Azure Database for PostgreSQL flexible server"."""

DISKS_GIB = (32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767)
"""Premium SSD sizes of a server: Microsoft Learn, "Storage options in Azure Database for PostgreSQL"."""
MAX_AUTOGROW_GIB = 4095
"""Above it the disk is resized manually and with downtime (the same page, "Storage autogrow")."""


def server_size(database: DatabaseSpec, *, replicated: bool = False) -> ServerSize:
    """Return the smallest SKU that fits, with high availability if requested; ValueError above the largest.

    A server of a pair of replicas has the size that it has while it writes, in either role.
    """
    sizes = matching_sizes(database, replicated=replicated)
    if not sizes:
        raise ValueError(f"no server has {database.size.vcpu:g} vCPU and {database.size.memory_gib:g} GiB")
    return sizes[0]


def matching_sizes(database: DatabaseSpec, *, replicated: bool = False) -> list[ServerSize]:
    """Return every SKU with at least the requested vCPU and memory, smallest first."""
    offered = PROVISIONED if database.high_availability or replicated else (*BURSTABLE, *PROVISIONED)
    requested = database.size
    sizes = [size for size in offered if size.vcpu >= requested.vcpu and size.memory_gib >= requested.memory_gib]
    return sorted(sizes, key=lambda size: (size.vcpu, size.memory_gib))


def disk_gib(database: DatabaseSpec) -> int:
    """Return the smallest disk of at least `storage_gib`; ValueError above the largest."""
    disk = next((size for size in DISKS_GIB if size >= database.storage_gib), None)
    if disk is None:
        raise ValueError(f"no disk has {database.storage_gib} GiB")
    return disk


def disk_grows(database: DatabaseSpec) -> bool:
    """True when the disk may grow beyond its initial size."""
    return database.max_storage_gib > disk_gib(database)
