"""Recovery settings that Azure refuses or adjusts. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from providers.azure.base.limits import LOCATIONS_WITHOUT_GEO_BACKUP, PAIRS, is_location, location_refusals
from providers.azure.database.sizes import matching_sizes, server_size
from providers.azure.network.limits import network_refusals
from providers.contract.copies import image_copies, locked_copies
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed, listed
from providers.contract.region_specs import is_warm, standby_spec
from providers.contract.resource_traits import CreationChoice
from providers.contract.spec import Platform

ADDED = "pushed or imported"
BURSTABLE_TIER = "Burstable"
MIN_RETENTION_DAYS = 7
"""Azure Backup takes one backup of a server a week, so a shorter retention would leave days without one."""


def recovery_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Standby locations that Azure does not have or does not copy the database to, and what cannot run there."""
    refused = [*_refused_locations(spec), *_refused_retention(spec), *_refused_replica(spec)]
    return refused or _refused_there(spec, stack)


def _refused_locations(spec: Platform) -> Iterator[Diagnostic]:
    standby, home = spec.standby_region, spec.azure.location if spec.azure else ""
    if standby is None:
        return
    if not is_location(standby):
        fix = "set azure.standby_location to one, for example eastus2"
        yield Unsupported("azure", spec.standby_key, f"{displayed(standby)} is no location of Azure", fix)
    elif spec.database is None or is_warm(spec):
        return
    elif home in LOCATIONS_WITHOUT_GEO_BACKUP or home not in PAIRS:
        problem = f"Azure does not copy backups of PostgreSQL from {home} to another location"
        fix = "use warm, or deploy a new stack in a location with geo-redundant backup, such as eastus2 or northeurope"
        yield Unsupported("azure", "recovery.mode", problem, fix)
    elif standby != PAIRS[home]:
        problem = f"Azure copies backups of PostgreSQL from {home} to its pair only, and {standby} is not it"
        yield Unsupported("azure", spec.standby_key, problem, f"use {PAIRS[home]}, or the mode warm")


def _refused_replica(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse servers of the tier Burstable, which has no replicas (Microsoft Learn, "Read replicas")."""
    if not is_warm(spec) or spec.database is None or not matching_sizes(spec.database):
        return
    size = server_size(spec.database)
    if size.tier == BURSTABLE_TIER:
        problem = f"{size.name} is of the tier Burstable, which has no replicas"
        fix = "set database.high_availability to true, or use more than 4 vCPU or 16 GiB"
        yield Unsupported("azure", "database.size", problem, fix)


def _refused_there(spec: Platform, stack: str) -> list[Diagnostic]:
    """Refusals of location and network of the standby location that the home location does not have."""
    if not is_warm(spec) or spec.azure is None:
        return []
    try:
        there = standby_spec(spec)
    except ValueError:  # no range is left, which is refused on every cloud
        return []
    rules = (location_refusals, network_refusals)
    at_home = {str(refusal) for rule in rules for refusal in rule(spec, stack)}
    keys = {"azure.location": spec.standby_key, "network.cidr": "network.standby_cidr"}
    refused = [refusal for rule in rules for refusal in rule(there, stack) if str(refusal) not in at_home]
    return [replace(refusal, key=keys.get(refusal.key, refusal.key)) for refusal in refused]


def _refused_retention(spec: Platform) -> Iterator[Diagnostic]:
    days = spec.recovery.retention_days
    if spec.standby_region is not None and spec.database is not None and days < MIN_RETENTION_DAYS:
        problem = f"{days} days is less than the week from one backup in the vault to the next"
        yield Unsupported("azure", "recovery.retention_days", problem, f"use {MIN_RETENTION_DAYS} to 35")


def required_geo_backup(spec: Platform) -> str | None:
    """Value of the server's geo-redundant backup that a spec requires; None where both values are accepted."""
    copied = spec.recovery.mode == "backup" and spec.standby_region is not None and spec.database is not None
    return "Enabled" if copied else None


GEO_BACKUP = CreationChoice(
    key="recovery.mode",
    type="azure-native:dbforpostgresql:Server",
    path="backup.geoRedundantBackup",
    required=required_geo_backup,
    problem="the deployed server was created without geo-redundant backup, and Azure cannot add it",
    fix="use none or warm, or restore a dump into a new stack with this mode",
)


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied in part, copies without an alarm, and locks that outlive the stack."""
    if spec.standby_region is None:
        return []
    if is_warm(spec):
        return [
            *_warm_database(spec),
            *_warm_objects(spec),
            *image_copies(spec, added=ADDED),
            *_differences(spec),
            *_locks(spec),
        ]
    return [*_database_copies(spec), *_copied_in_part(spec), *_locks(spec)]


def _warm_database(spec: Platform) -> Iterator[Adjustment]:
    """Yield what differs for the database of a warm standby."""
    if spec.database is None:
        return
    mode, recovery, region = spec.recovery.mode, spec.recovery, spec.standby_region
    reason = (
        f"services in {region} read a replica, on which every write fails; set standby_replicas to 0 if a service cannot start "
        "without writing"
    )
    yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    reason = (
        "`agent-platform up` creates the virtual endpoint that a switchover requires, after the update with az; Azure gives a "
        "server that began as a replica no geo-redundant backup, and changes the major version of no server with a replica"
    )
    yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    home = spec.home_region
    reason = (
        f"a vault in {home} keeps one backup a week of the server there for {recovery.retention_days} days; while {region} "
        "serves, none is taken there"
    )
    yield Adjustment("recovery.retention_days", recovery.retention_days, Effect.PARTIAL, reason)
    if recovery.drill is not None:
        reason = f"no drill starts by its schedule while {region} serves: Azure restores no server to a time at which it was a replica"
        yield Adjustment("recovery.drill", recovery.drill.schedule, Effect.PARTIAL, reason)


def _warm_objects(spec: Platform) -> Iterator[Adjustment]:
    if spec.storage is None:
        return
    reason = (
        "objects are copied from the location that serves to the other one without a promised time, as a rule within minutes; "
        "`agent-platform up` sets the direction after the update with az, and `pulumi up` alone does not"
    )
    yield Adjustment("recovery.mode", spec.recovery.mode, Effect.PARTIAL, reason)


def _differences(spec: Platform) -> Iterator[Adjustment]:
    """Yield what services in the standby location have otherwise."""
    region, mode, block = spec.standby_region, spec.recovery.mode, spec.azure
    alone = [name for name, service in spec.services.items() if service.port is None]
    if alone:
        reason = f"{listed(alone, 'and')} and jobs do not run in the location that does not serve"
        yield Adjustment("recovery.standby_replicas", spec.recovery.standby_replicas, Effect.PARTIAL, reason)
    for cache in spec.all_caches:
        reason = f"{cache.title} of {region} is another one, without its data, and has one node in either role"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if spec.deployer is not None:
        reason = "the identity deploys to the services of the home location; `agent-platform up` deploys to both"
        yield Adjustment("deployer.github", spec.deployer.github, Effect.PARTIAL, reason)
    if block is not None and block.network_watcher is not None and spec.network.flow_logs:
        reason = f"flow logs in {region} use the watcher that Azure creates there"
        yield Adjustment("azure.network_watcher", block.network_watcher, Effect.PARTIAL, reason)
    if spec.monitoring.emails and spec.recovery.failover_timeout_minutes is not None:
        reason = "an action group sends e-mail for alerts only, so notices of an automatic failover go to monitoring.slack alone"
        yield Adjustment("monitoring.emails", list(spec.monitoring.emails), Effect.PARTIAL, reason)
    if block is not None and spec.public:
        reason = (
            f"Front Door is in the resource group of {block.location}: if Azure cannot change resources of that group while the "
            "location is lost, requests move when it can"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)


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
    yield from image_copies(spec, added=ADDED)


def _locks(spec: Platform) -> Iterator[Adjustment]:
    permanent = "; the vault's lock can never be removed, not by Microsoft either"
    not_locked = "; the replica has no lock" if is_warm(spec) else "; the geo-redundant backup has no lock"
    return locked_copies(spec, "a backup in the vault", not_locked=not_locked, permanent=permanent)
