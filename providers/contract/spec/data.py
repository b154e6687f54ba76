"""Data stores: database, caches and object storage."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from providers.contract.spec.base import Environment, Port, PositiveInt, SpecModel
from providers.contract.spec.network import HostName

Parameter = str | int | float | bool
IN_MIB = {"shared_buffers_mib": "shared_buffers", "effective_cache_size_mib": "effective_cache_size"}
"""Parameters in MiB, converted to each cloud's unit, with PostgreSQL's names."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Time of day, HH:MM."""


def minutes_of(clock: str) -> int:
    """Return the minutes since midnight of HH:MM."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


class DatabaseSize(SpecModel):
    """Processor and memory of the database server."""

    vcpu: Annotated[float, Field(gt=0, le=128)] = 2
    """Virtual CPUs; the smallest instance class that has the vCPUs and the memory is used."""
    memory_gib: Annotated[float, Field(gt=0, le=1024)] = 16
    """Memory in GiB."""


class BackupSpec(SpecModel):
    """Daily backups with point-in-time recovery."""

    retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    """Days that backups are kept; 0 disables backups, which production refuses."""
    window_start: Clock = "02:00"
    """Start of the one-hour backup window, HH:MM in UTC; it must not overlap the maintenance window."""


class MaintenanceSpec(SpecModel):
    """Weekly hour in which the cloud may patch and restart the database."""

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "sunday"
    """Day of the week, UTC."""
    window_start: Clock = "04:00"
    """Start of the one-hour maintenance window, HH:MM in UTC; it must not overlap the backup window."""


class ExistingServer(SpecModel):
    """Server that exists already; the platform connects services to it and declares nothing of it."""

    url: Environment
    """Name of the secret with the URL, as clients need it; set it with `agent-platform secret set STACK NAME`."""
    host: HostName
    """DNS name of the server, to which the services that use it may connect."""
    port: Port
    """TCP port of the server."""


class ExistingDatabase(ExistingServer):
    """PostgreSQL that exists already; the platform connects services to it and declares nothing of it."""

    port: Port = 5432
    """TCP port of the server."""


class ExistingCache(ExistingServer):
    """Redis-compatible cache that exists already; the platform connects services to it and declares nothing of it."""

    port: Port = 6379
    """TCP port of the server."""


class DatabaseSpec(SpecModel):
    """PostgreSQL."""

    version: Annotated[str, Field(pattern=r"^1[4-8]$")] = "17"
    """Major version, in quotes; minor versions are applied in the maintenance window."""
    size: DatabaseSize = DatabaseSize()
    """Processor and memory of the server."""
    storage_gib: Annotated[int, Field(ge=20, le=65536)] = 100
    """Initial disk size in GiB."""
    max_storage_gib: Annotated[int, Field(ge=20, le=65536)] = 500
    """Maximum disk size in GiB for automatic growth."""
    high_availability: bool = True
    """Keep a standby in another zone with automatic failover."""
    backup: BackupSpec = BackupSpec()
    """Backup window and retention."""
    maintenance: MaintenanceSpec = MaintenanceSpec()
    """Maintenance window."""
    deletion_protection: bool = True
    """Protect the database from deletion, in the cloud and in the stack."""
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]*$")], Parameter] = {}
    """Server parameters by PostgreSQL's names; shared_buffers_mib and effective_cache_size_mib are in MiB."""
    existing: ExistingDatabase | None = None
    """Server in place of a managed one, with no other key of the block; absent: the platform creates one."""


class CacheSettings(SpecModel):
    """Redis-compatible server, encrypted and with a password."""

    memory_gib: Annotated[float, Field(gt=0, le=512)] = 3
    """Memory in GiB; the smallest node that has it is used."""
    high_availability: bool = True
    """Keep a replica in another zone with automatic failover."""
    eviction: Literal[
        "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    ] = "allkeys-lru"  # fmt: skip
    """Eviction policy when memory is full; queues need noeviction."""


class CacheSpec(CacheSettings):
    """Redis-compatible cache, encrypted and with a password."""

    existing: ExistingCache | None = None
    """Server in place of a managed one, with no other key of the block; absent: the platform creates one."""


class AdditionalCache(CacheSettings):
    """Redis-compatible cache beside `cache`, with a server, a password and clients of its own."""


@dataclass(frozen=True)
class CacheInstance:
    """Cache of a platform by its name, which is empty for `cache`, and the services that use it, in the order of the file."""

    name: str
    settings: CacheSettings
    users: tuple[str, ...]

    @property
    def key(self) -> str:
        """Key of the stack file, and word of `uses`: `cache` or `caches.answers`."""
        return f"caches.{self.name}" if self.name else "cache"

    @property
    def part(self) -> str:
        """Part of logical names, host names and names of alarms: `cache` or `cache-answers`."""
        return f"cache-{self.name}" if self.name else "cache"

    def named(self, text: str) -> str:
        """`redis-url` of `cache`, `answers-redis-url` of `caches.answers`: names that all secrets of a stack or service share."""
        return f"{self.name}-{text}" if self.name else text

    @property
    def title(self) -> str:
        """Name in a sentence: `the cache` or `the cache "answers"`."""
        return f'the cache "{self.name}"' if self.name else "the cache"

    @property
    def heading(self) -> str:
        """Beginning of a description: `Cache` or `Cache answers`."""
        return f"Cache {self.name}".rstrip()


class StorageSpec(SpecModel):
    """Private, encrypted bucket."""

    versioning: bool = True
    """Keep noncurrent versions of objects."""
    noncurrent_days: PositiveInt = 90
    """Days that noncurrent versions are kept."""
