"""Differences of services in a standby region of Google Cloud, and after a failover. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Effect, listed
from providers.contract.spec import Platform
from providers.gcp.database.sizes import database_size_refusals, database_tier


def has_dr_replica(spec: Platform) -> bool:
    """Return whether Cloud SQL switches the databases over and back: with the edition ENTERPRISE_PLUS."""
    if spec.database is None or spec.gcp is None or database_size_refusals(spec, ""):
        return False
    return database_tier(spec.database.size, spec.home_region).edition == "ENTERPRISE_PLUS"


def differences(spec: Platform) -> Iterator[Adjustment]:
    """Yield what differs in the region that does not serve, and after a failover."""
    region, mode = spec.standby_region, spec.recovery.mode
    alone = [name for name, service in spec.services.items() if service.port is None]
    if alone or spec.jobs:
        reason = f"{listed([*alone, 'jobs'], 'and')} do not run in the region that does not serve"
        yield Adjustment("recovery.standby_replicas", spec.recovery.standby_replicas, Effect.PARTIAL, reason)
    if spec.database is not None:
        yield from _of_database(spec)
    for cache in spec.all_caches:
        reason = (
            f"{cache.title} of {region} is another one, without its data and with one node, whichever region serves"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if spec.network.egress == "per_zone":
        reason = f"{region} has one address of Cloud NAT, whichever region serves"
        yield Adjustment("network.egress", spec.network.egress, Effect.PARTIAL, reason)
    if spec.deployer is not None:
        reason = "the deployer deploys to the services of the home region; `agent-platform up` deploys to both"
        yield Adjustment("deployer.github", spec.deployer.github, Effect.PARTIAL, reason)


def _of_database(spec: Platform) -> Iterator[Adjustment]:
    region, mode = spec.standby_region, spec.recovery.mode
    reason = (
        f"services in {region} read a replica, on which every write fails; set standby_replicas to 0 if a service cannot start "
        "without writing"
    )
    yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if not has_dr_replica(spec):
        reason = (
            "a failover promotes the replica, and Cloud SQL makes the old database no replica again: `failback` needs a "
            "database.size of the edition ENTERPRISE_PLUS"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    reason = (
        f"while {region} serves, no exports and drills are made, and the password of the database cannot be rotated"
    )
    yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if spec.database is not None and spec.database.high_availability:
        reason = "a replica has no standby; a failover adds it to the promoted database, with a short interruption"
        yield Adjustment("database.high_availability", True, Effect.PARTIAL, reason)
