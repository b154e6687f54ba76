"""Recovery settings that Azure refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.azure.base.limits import LOCATIONS_WITHOUT_GEO_BACKUP, PAIRS, is_location
from providers.contract.copies import image_copies, locked_copies
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed
from providers.contract.resource_traits import CreationChoice
from providers.contract.spec import Platform

MIN_RETENTION_DAYS = 7
"""Azure Backup takes one backup of a server a week, so a shorter retention would leave days without one."""


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Standby locations that Azure does not have or does not copy the database to, and too short a retention."""
    return [*_refused_locations(spec), *_refused_retention(spec)]


def _refused_locations(spec: Platform) -> Iterator[Diagnostic]:
    standby, home = spec.standby_region, spec.azure.location if spec.azure else ""
    if standby is None:
        return
    if not is_location(standby):
        fix = "set azure.standby_location to one, for example eastus2"
        yield Unsupported("azure", spec.standby_key, f"{displayed(standby)} is no location of Azure", fix)
    elif spec.database is not None and (home in LOCATIONS_WITHOUT_GEO_BACKUP or home not in PAIRS):
        problem = f"Azure does not copy backups of PostgreSQL from {home} to another location"
        fix = "use none, or deploy a new stack in a location with geo-redundant backup, such as eastus2 or northeurope"
        yield Unsupported("azure", "recovery.mode", problem, fix)
    elif spec.database is not None and standby != PAIRS[home]:
        problem = f"Azure copies backups of PostgreSQL from {home} to its pair only, and {standby} is not it"
        yield Unsupported("azure", spec.standby_key, problem, f"use {PAIRS[home]}")


def _refused_retention(spec: Platform) -> Iterator[Diagnostic]:
    days = spec.recovery.retention_days
    if spec.standby_region is not None and spec.database is not None and days < MIN_RETENTION_DAYS:
        problem = f"{days} days is less than the week from one backup in the vault to the next"
        yield Unsupported("azure", "recovery.retention_days", problem, f"use {MIN_RETENTION_DAYS} to 35")


def required_geo_backup(spec: Platform) -> str | None:
    """Value of the server's geo-redundant backup that a spec requires; None where both values are accepted."""
    return "Enabled" if spec.standby_region is not None and spec.database is not None else None


GEO_BACKUP = CreationChoice(
    key="recovery.mode",
    type="azure-native:dbforpostgresql:Server",
    path="backup.geoRedundantBackup",
    required=required_geo_backup,
    problem="the deployed server was created without geo-redundant backup, and Azure cannot add it",
    fix="use none, or restore a dump into a new stack with this mode",
)


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied in part, copies without an alarm, and locks that outlive the stack."""
    if spec.standby_region is None:
        return []
    return [*_database_copies(spec), *_copied_in_part(spec), *_locks(spec)]


def _database_copies(spec: Platform) -> Iterator[Adjustment]:
    if spec.database is None:
        return
    mode, recovery = spec.recovery.mode, spec.recovery
    reason = (
        "the geo-redundant backup is chosen when the server is created: `agent-platform up` refuses a server without it; an "
        "alarm covers backups that fail in the vault, no event of Azure the copying between the locations"
    )
    yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    reason = (
        f"the vault keeps one backup a week for {recovery.retention_days} days; the geo-redundant backup is kept for the "
        f"{spec.database.backup.retention_days} days of database.backup.retention_days"
    )
    yield Adjustment("recovery.retention_days", recovery.retention_days, Effect.PARTIAL, reason)


def _copied_in_part(spec: Platform) -> Iterator[Adjustment]:
    mode, region = spec.recovery.mode, spec.standby_region
    if spec.storage is not None:
        reason = (
            f"objects are copied to {region} without a promised time, as a rule within minutes; Azure Monitor has the metric "
            "PendingOperationsForReplication of the policy, and no alarm is declared on it"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    yield from image_copies(spec, added="pushed or imported")


def _locks(spec: Platform) -> Iterator[Adjustment]:
    permanent = "; the vault's lock can never be removed, not by Microsoft either"
    not_locked = "; the geo-redundant backup has no lock"
    return locked_copies(spec, "a backup in the vault", not_locked=not_locked, permanent=permanent)
