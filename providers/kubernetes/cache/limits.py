"""Settings of the cache that a cluster refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import CacheSpec, Platform


def cache_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return what is refused."""
    return []


def cache_adjustments(spec: Platform) -> list[Adjustment]:
    """Return what is adjusted."""
    return []


def copies_of(cache: CacheSpec) -> str:
    """Return the copies of a cache's data, as a phrase."""
    return "every change in a volume, without a copy of it"
