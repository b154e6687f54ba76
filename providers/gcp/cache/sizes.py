"""Memory sizes of Memorystore for Redis. Pure."""

from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import CacheSpec, Platform

MAX_MEMORY_GIB = 300
"""Memorystore for Redis has whole GiB from 1 to this maximum: `redis.Instance`, `memorySizeGb`."""
SNAPSHOT_HOURS = 12
"""Hours between snapshots, of which the newest one is restored after a failure: `redis.Instance`, `persistenceConfig`."""


def instance_memory_gib(memory_gib: float) -> int:
    """Smallest instance memory, in whole GiB, that fits the requested memory."""
    return ceil(memory_gib)


def cache_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a cache larger than the largest instance."""
    if spec.cache is None or spec.cache.memory_gib <= MAX_MEMORY_GIB:
        return []
    problem = f"{spec.cache.memory_gib:g} GiB is more than the {MAX_MEMORY_GIB} GiB of the largest Memorystore instance"
    return [Unsupported("gcp", "cache.memory_gib", problem=problem, fix=f"use {MAX_MEMORY_GIB} or less")]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Report memory that is not a whole number of GiB."""
    if spec.cache is None:
        return []
    requested, effective = spec.cache.memory_gib, instance_memory_gib(spec.cache.memory_gib)
    if effective == requested:
        return []
    reason = f"{effective} GiB; Memorystore instances have whole GiB"
    return [Adjustment("cache.memory_gib", requested=requested, effect=Effect.ADJUSTED, reason=reason)]


def cache_copies(_cache: CacheSpec) -> str:
    """Return the copies of a cache's data."""
    return f"snapshots every {SNAPSHOT_HOURS} hours, deleted with it"
