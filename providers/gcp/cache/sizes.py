"""Memory sizes of Memorystore for Redis. Pure."""

from collections.abc import Iterator
from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import CacheSettings, Platform

MAX_MEMORY_GIB = 300
"""Memorystore for Redis has whole GiB from 1 to this maximum: `redis.Instance`, `memorySizeGb`."""
SNAPSHOT_HOURS = 12
"""Hours between snapshots, of which the newest one is restored after a failure: `redis.Instance`, `persistenceConfig`."""


def instance_memory_gib(memory_gib: float) -> int:
    """Smallest instance memory, in whole GiB, that fits the requested memory."""
    return ceil(memory_gib)


def cache_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a cache larger than the largest instance."""
    largest, fix = f"the {MAX_MEMORY_GIB} GiB of the largest Memorystore instance", f"use {MAX_MEMORY_GIB} or less"
    sizes = {f"{cache.key}.memory_gib": cache.settings.memory_gib for cache in spec.all_caches}
    return [
        Unsupported("gcp", key, problem=f"{size:g} GiB is more than {largest}", fix=fix)
        for key, size in sizes.items()
        if size > MAX_MEMORY_GIB
    ]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Report memory that is not a whole number of GiB, and several instances that the firewall does not tell apart."""
    return [*_rounded(spec), *_shared_range(spec)]


def _rounded(spec: Platform) -> Iterator[Adjustment]:
    for cache in spec.all_caches:
        requested, effective = cache.settings.memory_gib, instance_memory_gib(cache.settings.memory_gib)
        if effective != requested:
            reason = f"{effective} GiB; Memorystore instances have whole GiB"
            yield Adjustment(f"{cache.key}.memory_gib", requested, Effect.ADJUSTED, reason)


def _shared_range(spec: Platform) -> Iterator[Adjustment]:
    """Yield that a rule opens the port in the whole range: Memorystore selects the address of each instance in it."""
    for name in dict.fromkeys(user for cache in spec.all_caches for user in cache.users):
        others = [cache.key for cache in spec.all_caches if name not in cache.users]
        if others:
            reason = (
                f"it can also open connections to the port of {listed(others, 'and')}, because all caches share a range of addresses, "
                "but does not have the password"
            )
            yield Adjustment(f"services.{name}.uses", list(spec.services[name].uses), Effect.PARTIAL, reason)


def cache_copies(_cache: CacheSettings) -> str:
    """Return the copies of a cache's data."""
    return f"snapshots every {SNAPSHOT_HOURS} hours, deleted with it"
