"""Recovery settings that AWS refuses or adjusts. Pure."""

import re
from collections.abc import Iterator

from providers.aws.base.image_sources import own_images
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, displayed
from providers.contract.images import parse_image
from providers.contract.spec import Platform

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
PARTITIONS = {"cn-": "China", "us-gov-": "AWS GovCloud (US)"}
"""Partitions other than the commercial one by the prefix of their regions; nothing is copied between two of them."""
LOCK_DAYS = 3
"""Days after which a new compliance lock is permanent, the fewest that AWS Backup accepts."""


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Standby regions that AWS does not have, or of another partition."""
    return list(_refused_regions(spec))


def _refused_regions(spec: Platform) -> Iterator[Diagnostic]:
    standby, home = spec.standby_region, spec.aws.region if spec.aws else ""
    if standby is None:
        return
    if not REGION.fullmatch(standby):
        fix = "set aws.standby_region to one, for example us-east-1"
        yield Unsupported("aws", spec.standby_key, f"{displayed(standby)} is no region of AWS", fix)
    elif _partition(standby) != _partition(home):
        problem = f"{standby} is in the partition {_partition(standby)} and {home} in {_partition(home)}"
        yield Unsupported("aws", spec.standby_key, problem, "use a region of the same partition")


def _partition(region: str) -> str:
    return next((name for prefix, name in PARTITIONS.items() if region.startswith(prefix)), "commercial")


def recovery_adjustments(spec: Platform) -> list[Adjustment]:
    """Data that is copied in part, and locks that outlive the stack."""
    if spec.standby_region is None:
        return []
    return [*_copied_in_part(spec), *_locks(spec)]


def _copied_in_part(spec: Platform) -> Iterator[Adjustment]:
    mode, region = spec.recovery.mode, spec.standby_region
    if spec.storage is not None:
        reason = (
            f"objects are copied to {region} from the first update on; S3 Batch Replication copies those that the bucket "
            "had before"
        )
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    if own_images(spec):
        reason = f"`images push` copies images to {region}; what is pushed in another way is not copied"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    hosted = sorted({image.registry for image in map(parse_image, _images(spec)) if image.registry})
    if hosted:
        reason = f"images of {', '.join(hosted)} are not copied; a restore in {region} pulls them from there"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)


def _images(spec: Platform) -> list[str]:
    return [service.image for service in spec.services.values()]


def _locks(spec: Platform) -> Iterator[Adjustment]:
    recovery = spec.recovery
    if recovery.lock == "none" or spec.database is None:
        return
    who = "nobody" if recovery.lock == "compliance" else "only a principal that may remove the lock"
    reason = (
        f"{who} can delete a copy before {recovery.retention_days} days, so `destroy` fails until the last one ends"
    )
    if recovery.lock == "compliance":
        reason += (
            f"; {LOCK_DAYS} days after the update neither the lock nor its {recovery.retention_days} days can change"
        )
    yield Adjustment("recovery.lock", recovery.lock, Effect.PARTIAL, reason)
