"""What the platform remembers: database, cache, objects."""

from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import PositiveInt, SpecModel

Parameter = str | int | float | bool
IN_MIB = {"shared_buffers_mib": "shared_buffers", "effective_cache_size_mib": "effective_cache_size"}
"""Parameters given in MiB, which every cloud converts to its own unit, and PostgreSQL's names for them."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Time of day, HH:MM."""


class DatabaseSize(SpecModel):
    """Processor and memory of the database server."""

    vcpu: Annotated[float, Field(gt=0, le=128)] = 2
    """Virtual CPUs; the smallest class of the cloud that fits vCPU and memory is taken."""
    memory_gib: Annotated[float, Field(gt=0, le=1024)] = 16
    """Memory in GiB."""


class BackupSpec(SpecModel):
    """Daily backups with point-in-time recovery."""

    retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    """Days a backup is kept; 0 switches backups off, which production refuses."""
    window_start: Clock = "02:00"
    """UTC start of the hour in which backups run; maintenance must keep away from it."""


class MaintenanceSpec(SpecModel):
    """The hour a week in which the cloud may patch and restart the database."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "sunday"
    """Day of the week, UTC."""
    window_start: Clock = "04:00"
    """UTC start of the hour; it must not meet the hour of the backups."""


class DatabaseSpec(SpecModel):
    """PostgreSQL."""

    version: Annotated[str, Field(pattern=r"^1[4-8]$")] = "17"
    """Major version, in quotes; minor versions follow by themselves in the maintenance window."""
    size: DatabaseSize = DatabaseSize()
    """Processor and memory of the server."""
    storage_gib: Annotated[int, Field(ge=20, le=65536)] = 100
    """Disk at first, in GiB."""
    max_storage_gib: Annotated[int, Field(ge=20, le=65536)] = 500
    """Disk that it may grow to by itself, in GiB."""
    high_availability: bool = True
    """Keep a standby in another zone that takes over by itself."""
    backup: BackupSpec = BackupSpec()
    """When backups run and how long they are kept."""
    maintenance: MaintenanceSpec = MaintenanceSpec()
    """When the cloud may patch and restart the server."""
    deletion_protection: bool = True
    """Refuse to delete the database, in the cloud and in the stack."""
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]*$")], Parameter] = {}
    """Server parameters by PostgreSQL's own names; shared_buffers_mib and effective_cache_size_mib take MiB."""


class CacheSpec(SpecModel):
    """Redis protocol, encrypted and with a password."""

    memory_gib: Annotated[float, Field(gt=0, le=512)] = 3
    """Memory in GiB; the smallest node of the cloud that fits is taken."""
    high_availability: bool = True
    """Keep a replica in another zone that takes over by itself."""
    eviction: Literal[
        "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    ] = "allkeys-lru"  # fmt: skip
    """What is dropped when memory is full; queues need noeviction."""


class StorageSpec(SpecModel):
    """One private, encrypted bucket."""

    versioning: bool = True
    """Keep replaced and deleted objects."""
    noncurrent_days: PositiveInt = 90
    """Days that replaced and deleted objects are kept."""
