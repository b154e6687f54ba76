"""ElastiCache node types. Pure.

Graviton (ARM) families of the seventh generation; the burstable t4g only below the smallest steady node.
"""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import CacheSettings, Platform

CACHE_NODES: dict[str, int] = {
    "cache.t4g.micro": 536870912,
    "cache.t4g.small": 1471026299,
    "cache.t4g.medium": 3317862236,
    "cache.m7g.large": 6854542746,
    "cache.r7g.large": 14037181030,
    "cache.r7g.xlarge": 28261849702,
    "cache.r7g.2xlarge": 56711183565,
    "cache.r7g.4xlarge": 113609865216,
    "cache.r7g.8xlarge": 225000375228,
    "cache.r7g.12xlarge": 341206346547,
    "cache.r7g.16xlarge": 450000750456,
}
"""`maxmemory` in bytes by node type, less than the node's memory: ElastiCache user guide, "Valkey and Redis OSS node-
type specific parameters". m7g above large has less memory than r7g at the same price per GiB.
"""
RESERVED_PERCENT = 25
"""Share of `maxmemory` reserved for snapshots and replication (`reserved-memory-percent`, the default)."""
SNAPSHOT_DAYS = 7
"""Days for which a daily snapshot is kept; all of them are deleted with the cache (ElastiCache user guide, "Deleting a backup")."""


def cache_node(memory_gib: float) -> str:
    """Name of the smallest node type whose `maxmemory` fits; raises ValueError above the largest."""
    node = next((name for name in CACHE_NODES if _gib(CACHE_NODES[name]) >= memory_gib), None)
    if node is None:
        raise ValueError(f"no cache node has {memory_gib:g} GiB")
    return node


def cache_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes above the largest node type."""
    largest = list(CACHE_NODES)[-1]
    max_gib = _gib(CACHE_NODES[largest])
    return [
        Unsupported(
            "aws",
            f"{cache.key}.memory_gib",
            problem=f"{cache.settings.memory_gib:g} GiB exceeds {largest}, the largest node type",
            fix=f"use at most {max_gib:.0f}",
        )
        for cache in spec.all_caches
        if cache.settings.memory_gib > max_gib
    ]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Memory of the node type, and the share that entries cannot use."""
    if cache_size_refusals(spec, ""):
        return []
    reserved = f"{RESERVED_PERCENT} % is reserved for snapshots and failover"
    nodes = ((cache, cache_node(cache.settings.memory_gib)) for cache in spec.all_caches)
    return [
        Adjustment(
            f"{cache.key}.memory_gib",
            requested=cache.settings.memory_gib,
            effect=Effect.ADJUSTED,
            reason=f"{_gib(CACHE_NODES[node]):.2f} GiB ({node}); {reserved}",
        )
        for cache, node in nodes
    ]


def _gib(size_bytes: int) -> float:
    return size_bytes / 2**30


def cache_copies(_cache: CacheSettings) -> str:
    """Return the copies of a cache's data."""
    return f"daily snapshots kept {SNAPSHOT_DAYS} days, deleted with it"
