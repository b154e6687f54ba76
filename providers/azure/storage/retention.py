"""How long objects are kept that were replaced or deleted. Pure."""

from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Platform, StorageSpec

MOST_UNDELETE_DAYS = 365
"""Soft delete keeps 1 to 365 days: Microsoft Learn, "Soft delete for blobs"."""
LEAST_UNDELETE_DAYS = 7
MOST_RESTORE_DAYS = 7


@dataclass(frozen=True)
class BlobRetention:
    """Days of each safety net; None where there is none."""

    versioning: bool
    undelete_days: int
    """What is deleted, a version too, can be called back for so long."""
    restore_days: int | None
    """The whole container can be set back to a minute of the last so many days; fewer than `undelete_days`."""
    version_days: int | None
    """A version is dropped so many days after it was written."""


def keeping(storage: StorageSpec) -> BlobRetention:
    """The nets that make up what the spec asks for."""
    if not storage.versioning:
        return BlobRetention(versioning=False, undelete_days=LEAST_UNDELETE_DAYS, restore_days=None, version_days=None)
    undelete_days = min(storage.noncurrent_days, MOST_UNDELETE_DAYS)
    restore_days = min(undelete_days - 1, MOST_RESTORE_DAYS)
    return BlobRetention(True, undelete_days, restore_days or None, storage.noncurrent_days)


def storage_adjustments(spec: Platform) -> list[Adjustment]:
    """What Azure keeps longer than asked, in days."""
    if spec.storage is None:
        return []
    kept = keeping(spec.storage)
    if not kept.versioning:
        given = f"no versions; an operator can still undelete an object for {kept.undelete_days} days"
        return [legacy_adjustment("storage.versioning", False, given)]
    days = spec.storage.noncurrent_days
    given = (
        f"{kept.undelete_days} to {days + kept.undelete_days} days: a version goes {days} days after it was written, "
        f"not after it was replaced, and can be undeleted for {kept.undelete_days} more"
    )
    return [legacy_adjustment("storage.noncurrent_days", days, given)]
