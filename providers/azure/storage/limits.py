"""Retention of replaced and deleted objects. Pure."""

from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.spec import Platform, StorageSpec

CONTAINER = "objects"
MAX_SOFT_DELETE_DAYS = 365
"""Soft delete keeps blobs for 1 to 365 days: Microsoft Learn, "Soft delete for blobs"."""
DEFAULT_SOFT_DELETE_DAYS = 7
MAX_RESTORE_DAYS = 7


@dataclass(frozen=True)
class BlobRetention:
    """Retention in days; None where a feature is off."""

    versioning: bool
    soft_delete_days: int
    """Days in which a deleted blob or version can be undeleted."""
    restore_days: int | None
    """Days of point-in-time restore of the container; fewer than `soft_delete_days`."""
    version_days: int | None
    """Age at which the lifecycle rule deletes a version."""


def blob_retention(storage: StorageSpec) -> BlobRetention:
    """Return the retention settings that together keep objects for `noncurrent_days`."""
    if not storage.versioning:
        return BlobRetention(
            versioning=False, soft_delete_days=DEFAULT_SOFT_DELETE_DAYS, restore_days=None, version_days=None
        )
    soft_delete_days = min(storage.noncurrent_days, MAX_SOFT_DELETE_DAYS)
    restore_days = min(soft_delete_days - 1, MAX_RESTORE_DAYS)
    return BlobRetention(
        versioning=True,
        soft_delete_days=soft_delete_days,
        restore_days=restore_days or None,
        version_days=storage.noncurrent_days,
    )


def storage_adjustments(spec: Platform) -> list[Adjustment]:
    """Retention that is longer than requested, in days."""
    if spec.storage is None:
        return []
    retention = blob_retention(spec.storage)
    if not retention.versioning:
        reason = f"no versions; soft delete still keeps deleted objects for {retention.soft_delete_days} days"
        return [Adjustment("storage.versioning", False, Effect.PARTIAL, reason)]
    days = spec.storage.noncurrent_days
    reason = (
        f"{retention.soft_delete_days} to {days + retention.soft_delete_days} days; a version is deleted {days} days "
        f"after it was written, not after it was replaced, and can be undeleted for {retention.soft_delete_days} more"
    )
    return [Adjustment("storage.noncurrent_days", days, Effect.ADJUSTED, reason)]
