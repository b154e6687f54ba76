"""Recovery settings that Google Cloud refuses or adjusts. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from providers.contract.copies import image_copies, locked_copies
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, did_you_mean, displayed
from providers.contract.region_specs import is_warm, standby_spec
from providers.contract.spec import Platform
from providers.gcp.base.image_sources import registry_refusals
from providers.gcp.base.limits import REGIONS
from providers.gcp.database.sizes import database_size_refusals, database_tier
from providers.gcp.naming import naming_refusals, region_name
from providers.gcp.network.limits import network_refusals
from providers.gcp.recovery.differences import differences
from providers.gcp.recovery.schedule import export_hour

KEYS_THERE = {"network.cidr": "network.standby_cidr"}
"""Keys with another one for the standby region."""
MAX_PREFIX_OF_TWO = 19
"""Smallest block whose private range has a /24 of Cloud SQL for each of two regions, and addresses for their caches: VPC
documentation, "Private services access", range sizes."""
LOGICAL_DECODING = "cloudsql.logical_decoding"


def recovery_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Standby regions that Google Cloud does not have, and what services cannot have there."""
    standby = spec.standby_region
    if standby is None:
        return []
    if standby not in REGIONS:
        problem = f"{displayed(standby)} is not a Google Cloud region with Cloud Run{did_you_mean(standby, REGIONS)}"
        return [Unsupported("gcp", spec.standby_key, problem, "set gcp.standby_region to one, for example us-east1")]
    if not is_warm(spec):
        return []
    return [*_refused_there(spec, stack, standby), *_refused_replicas(spec, standby)]


def _refused_there(spec: Platform, stack: str, standby: str) -> Iterator[Diagnostic]:
    """Refusals of network, names and images of the standby region that the home region does not have."""
    try:
        there = standby_spec(spec)
    except ValueError:  # no range is left, which is refused on every cloud
        return
    rules = (network_refusals, naming_refusals, registry_refusals)
    at_home = {str(refusal) for rule in rules for refusal in rule(spec, stack)}
    for rule in rules:
        for refusal in rule(there, region_name(stack, standby)):
            if str(refusal) not in at_home:
                yield replace(refusal, key=KEYS_THERE.get(refusal.key, refusal.key))


def _refused_replicas(spec: Platform, standby: str) -> Iterator[Diagnostic]:
    """Refuse what Cloud SQL does not replicate to the standby region."""
    database = spec.database
    if database is None or spec.gcp is None or database_size_refusals(spec, ""):
        return
    prefix = int(spec.network.cidr.partition("/")[2])
    if prefix > MAX_PREFIX_OF_TWO:
        problem = f"the private range of a /{prefix} is too small for database and cache in two regions, which share the network"
        yield Unsupported("gcp", "network.cidr", problem, f"use /{MAX_PREFIX_OF_TWO} or a larger block")
    home = database_tier(database.size, spec.gcp.region)
    moved = spec.model_copy(update={"gcp": spec.gcp.model_copy(update={"region": standby})})
    there = None if database_size_refusals(moved, "") else database_tier(database.size, standby)
    if there != home:
        problem = (
            f"{standby} does not have {home.name} of the edition {home.edition}, and a replica has those of its source"
        )
        yield Unsupported("gcp", spec.standby_key, problem, "use another region, or another database.size")
    elif home.edition == "ENTERPRISE_PLUS" and database.parameters.get(LOGICAL_DECODING):
        problem = "Cloud SQL neither switches over nor fails over an instance with it"
        yield Unsupported("gcp", f"database.parameters.{LOGICAL_DECODING}", problem, "remove it")


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied later or in part, locks that outlive the stack, and what differs in a region that does not serve."""
    if spec.standby_region is None:
        return []
    return [*_copied_in_part(spec), *_locks(spec), *(differences(spec) if is_warm(spec) else ())]


def _copied_in_part(spec: Platform) -> Iterator[Adjustment]:
    mode, region = spec.recovery.mode, spec.standby_region
    if spec.database is not None:
        reason = (
            f"the database is exported to {region} every day at {export_hour(spec.database):02}:00 UTC, without users and "
            "their passwords; Cloud SQL encrypts its backups with a key of the home region, so no copy of them could be read"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if spec.storage is not None:
        reason = (
            f"objects are copied to {region} every hour in their newest version, from the midnight (UTC) after the first "
            "update on; a deleted object keeps its copy"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    yield from image_copies(spec)


def _locks(spec: Platform) -> Iterator[Adjustment]:
    days = spec.recovery.retention_days
    permanent = f"; from the first update on the lock stays, and its {days} days can only grow"
    return locked_copies(spec, "an export", permanent=permanent)
