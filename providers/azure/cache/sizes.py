"""Sizes of Azure Managed Redis. Pure tables.

Azure sells fixed SKUs. A request between two of them is rounded up and reported as an adjustment.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import CacheSettings, Platform

MEMORY_GIB_BY_SKU: dict[str, float] = {
    "Balanced_B0": 0.5,
    "Balanced_B1": 1,
    "Balanced_B3": 3,
    "Balanced_B5": 6,
    "Balanced_B10": 12,
    "Balanced_B20": 24,
}
"""SKUs up to the largest that is not sharded: Microsoft Learn, "Azure Managed Redis architecture", sharding
configuration and cluster policies. Only without shards do multi-key commands, which queues such as Celery's use, work
from every client."""
RESERVED_PERCENT = 20
"""Share of the memory that Azure reserves for replication and failover (the same page, "Reserved memory")."""


def cache_sku(memory_gib: float) -> str:
    """Return the smallest SKU that fits, such as `Balanced_B3`; ValueError above the largest."""
    sku = next((name for name, size_gib in MEMORY_GIB_BY_SKU.items() if size_gib >= memory_gib), None)
    if sku is None:
        raise ValueError(f"no cache has {memory_gib:g} GiB")
    return sku


def cache_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A cache above the largest SKU."""
    largest, max_gib = list(MEMORY_GIB_BY_SKU.items())[-1]
    sizes = {f"{cache.key}.memory_gib": cache.settings.memory_gib for cache in spec.all_caches}
    above, fix = f"above {largest}, the largest SKU without shards", f"use at most {max_gib:g} GiB"
    return [
        Unsupported("azure", key, problem=f"{size:g} GiB is {above}", fix=fix)
        for key, size in sizes.items()
        if size > max_gib
    ]


def cache_adjustments(spec: Platform) -> list[Adjustment]:
    """The effective memory of each cache, and the share of it that Azure reserves."""
    if cache_refusals(spec, ""):
        return []
    sizes = [
        Adjustment(f"{cache.key}.memory_gib", cache.settings.memory_gib, Effect.ADJUSTED, _effective(cache.settings))
        for cache in spec.all_caches
    ]
    return [*sizes, *_shared_subnet(spec)]


def _shared_subnet(spec: Platform) -> Iterator[Adjustment]:
    """Yield that every app reaches the port of an additional cache."""
    for cache in spec.all_caches:
        if cache.name and cache.users:
            reason = (
                f"apps share one subnet, whose rules let each of them connect to the port of {cache.key}; "
                "only its users have its key"
            )
            yield Adjustment(f"services.{cache.users[0]}.uses", [cache.key], Effect.PARTIAL, reason)


def _effective(cache: CacheSettings) -> str:
    sku = cache_sku(cache.memory_gib)
    return f"{MEMORY_GIB_BY_SKU[sku]:g} GiB ({sku}); {RESERVED_PERCENT} % is reserved for replication and failover"


def cache_copies(cache: CacheSettings) -> str:
    """Return the copies of a cache's data: the files of one that never evicts."""
    return "every change in its files, deleted with it" if cache.eviction == "noeviction" else "no copies"
