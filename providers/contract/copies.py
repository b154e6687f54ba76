"""Copies in a standby region that are partial or locked, in words that are the same on every cloud. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.images import other_registries, own_images
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform


def image_copies(spec: Platform, added: str = "pushed") -> Iterator[Adjustment]:
    """Report which images are not copied to the standby region; `added` says how others reach the home registry."""
    mode, region = spec.recovery.mode, spec.standby_region
    if own_images(spec):
        reason = f"`images push` copies images to {region}; what is {added} in another way is not copied"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)
    hosted = sorted(set(other_registries(spec).values()))
    if hosted:
        pulled = f"services in {region} pull" if is_warm(spec) else f"a restore in {region} pulls"
        reason = f"images of {', '.join(hosted)} are not copied; {pulled} them from there"
        yield Adjustment("recovery.mode", mode, Effect.PARTIAL, reason)


def locked_copies(spec: Platform, copy: str, *, not_locked: str = "", permanent: str) -> Iterator[Adjustment]:
    """Report that a lock keeps each `copy` for its days; `permanent` says what a compliance lock adds to that."""
    recovery = spec.recovery
    if recovery.lock == "none" or spec.database is None:
        return
    compliance = recovery.lock == "compliance"
    who = "nobody" if compliance else "only a principal that may remove the lock"
    reason = (
        f"{who} can delete {copy} before {recovery.retention_days} days, so `destroy` fails until the last one ends"
        f"{not_locked}{permanent if compliance else ''}"
    )
    yield Adjustment("recovery.lock", recovery.lock, Effect.PARTIAL, reason)
