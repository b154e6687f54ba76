"""Settings of the database that a flexible server refuses or adjusts: sizes, backups, standby. Pure."""

from collections.abc import Iterator

from providers.azure.database.sizes import (
    DISKS_GIB,
    MAX_AUTOGROW_GIB,
    PROVISIONED,
    disk_gib,
    disk_grows,
    matching_sizes,
    server_size,
)
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import DatabaseSpec, Platform

MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 7, 35
"""Microsoft Learn, "Backup and restore in Azure Database for PostgreSQL"; backups cannot be disabled."""


def database_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes above the largest, and backups that are disabled or kept for less than a week."""
    if spec.database is None:
        return []
    return [*_refused_size(spec.database), *_refused_disk(spec.database), *_refused_retention(spec.database)]


def database_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes that are rounded up, the backup window, and a standby without a second zone."""
    if spec.database is None:
        return []
    return [*_adjusted_size(spec.database), *_adjusted_disk(spec.database), *_adjusted_redundancy(spec, spec.database)]


def _refused_size(database: DatabaseSpec) -> Iterator[Diagnostic]:
    if not matching_sizes(database):
        largest, size = PROVISIONED[-1], database.size
        yield Unsupported(
            "azure",
            "database.size",
            problem=f"no server has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB; the largest is {largest.name}",
            fix=f"use at most {largest.vcpu} vCPU and {largest.memory_gib} GiB",
        )


def _refused_disk(database: DatabaseSpec) -> Iterator[Diagnostic]:
    if database.storage_gib > DISKS_GIB[-1]:
        yield Unsupported(
            "azure",
            "database.storage_gib",
            problem=f"{database.storage_gib} GiB is above the largest disk of a server",
            fix=f"use at most {DISKS_GIB[-1]} GiB",
        )


def _refused_retention(database: DatabaseSpec) -> Iterator[Diagnostic]:
    days = database.backup.retention_days
    if days < MIN_RETENTION_DAYS:
        yield Unsupported(
            "azure",
            "database.backup.retention_days",
            problem=f"{days} days is below the minimum; backups cannot be disabled",
            fix=f"use {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS} days",
        )


def _adjusted_size(database: DatabaseSpec) -> Iterator[Adjustment]:
    requested = database.size
    if not matching_sizes(database):
        return
    size = server_size(database)
    if (size.vcpu, size.memory_gib) != (requested.vcpu, requested.memory_gib):
        yield Adjustment(
            "database.size",
            requested={"vcpu": requested.vcpu, "memory_gib": requested.memory_gib},
            effect=Effect.ADJUSTED,
            reason=f"{size.vcpu} vCPU and {size.memory_gib} GiB ({size.name}), the next larger SKU",
        )


def _adjusted_disk(database: DatabaseSpec) -> Iterator[Adjustment]:
    if database.storage_gib > DISKS_GIB[-1]:
        return
    disk, max_gib = disk_gib(database), database.max_storage_gib
    rounded = [f"{disk} GiB, the next larger disk; a disk cannot shrink"] if disk != database.storage_gib else []
    if disk_grows(database):
        # the stack must not shrink a disk that has grown
        initial = (
            "the size of a new server, whose disk then grows by itself. A larger value enlarges the disk with the next "
            "`agent-platform up` (not with `pulumi up`), a smaller one is refused"
        )
        yield Adjustment("database.storage_gib", database.storage_gib, Effect.PARTIAL, "; ".join([*rounded, initial]))
    elif rounded:
        yield Adjustment("database.storage_gib", database.storage_gib, Effect.ADJUSTED, rounded[0])
    if disk_grows(database):
        reason = (
            f"storage autogrow from {disk} GiB without an upper limit below {MAX_AUTOGROW_GIB} GiB; "
            "a server has no maximum size setting"
        )
        yield Adjustment("database.max_storage_gib", max_gib, Effect.PARTIAL, reason)
    elif max_gib != disk:
        reason = f"{disk} GiB, the initial size of the disk; storage autogrow is off"
        yield Adjustment("database.max_storage_gib", max_gib, Effect.ADJUSTED, reason)


def _adjusted_redundancy(spec: Platform, database: DatabaseSpec) -> Iterator[Adjustment]:
    yield Adjustment(
        "database.backup.window_start",
        requested=database.backup.window_start,
        effect=Effect.IGNORED,
        reason="Azure chooses the time of the daily backup; point-in-time restore covers every minute",
    )
    if database.high_availability and spec.network.zones == 1:
        yield Adjustment(
            "database.high_availability",
            requested=True,
            effect=Effect.PARTIAL,
            reason="the standby is in the same zone as the server because network.zones is 1",
        )
