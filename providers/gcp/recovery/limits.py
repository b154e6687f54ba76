"""Recovery settings that Google Cloud refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, did_you_mean, displayed
from providers.contract.images import parse_image
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
    yield from _images(spec)


def _images(spec: Platform) -> Iterator[Adjustment]:
    mode, region = spec.recovery.mode, spec.standby_region
    registries = {parse_image(service.image).registry for service in spec.services.values()}
    if None in registries:
        reason = f"`images push` copies images to {region}; what is pushed in another way is not copied"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    hosted = sorted(registry for registry in registries if registry)
    if hosted:
        reason = f"images of {', '.join(hosted)} are not copied; a restore in {region} pulls them from there"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)


def _locks(spec: Platform) -> Iterator[Adjustment]:
    recovery = spec.recovery
    if recovery.lock == "none" or spec.database is None:
        return
    who = "nobody" if recovery.lock == "compliance" else "only a principal that may remove the lock"
    reason = (
        f"{who} can delete an export before {recovery.retention_days} days, so `destroy` fails until the last one ends"
    )
    if recovery.lock == "compliance":
        reason += f"; from the first update on the lock stays, and its {recovery.retention_days} days can only grow"
    yield Adjustment("recovery.lock", recovery.lock, Effect.PARTIAL, reason)
