"""Recovery settings that Google Cloud refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.copies import image_copies, locked_copies
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, did_you_mean, displayed
from providers.contract.spec import Platform
from providers.gcp.base.limits import REGIONS
from providers.gcp.recovery.schedule import export_hour


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Standby regions that Google Cloud does not have."""
    standby = spec.standby_region
    if standby is None or standby in REGIONS:
        return []
    problem = f"{displayed(standby)} is not a Google Cloud region with Cloud Run{did_you_mean(standby, REGIONS)}"
    return [Unsupported("gcp", spec.standby_key, problem, "set gcp.standby_region to one, for example us-east1")]


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied later or in part, and locks that outlive the stack."""
    if spec.standby_region is None:
        return []
    return [*_copied_in_part(spec), *_locks(spec)]


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
