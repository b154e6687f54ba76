"""ElastiCache nodes. Pure."""

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
)
from providers.contract.spec import Platform

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
"""`maxmemory` in bytes by node, less than the node's memory: ElastiCache user guide, "Valkey and Redis OSS node-type
specific parameters". m7g above large holds less than r7g for the same money a GiB."""
RESERVED_PERCENT = 25
"""Share of `maxmemory` that ElastiCache keeps for snapshots and replication (`reserved-memory-percent`, its default)."""


def cache_node(memory_gib: float) -> str:
    """Name of the smallest node whose `maxmemory` fits, such as `cache.t4g.medium`; ValueError above the largest."""
    node = next((name for name in CACHE_NODES if _gib(CACHE_NODES[name]) >= memory_gib), None)
    if node is None:
        raise ValueError(f"no cache node has {memory_gib:g} GiB")
    return node


def cache_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A cache larger than the largest node."""
    largest = list(CACHE_NODES)[-1]
    most = _gib(CACHE_NODES[largest])
    if spec.cache is None or spec.cache.memory_gib <= most:
        return []
    advice = f"{largest} is the largest node, so memory_gib is at most {most:.0f}"
    return [legacy_unsupported("aws", "cache.memory_gib", spec.cache.memory_gib, advice)]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """The node's own memory, and the share of it that data cannot use."""
    if spec.cache is None or cache_size_refusals(spec, ""):
        return []
    node = cache_node(spec.cache.memory_gib)
    given = f"{_gib(CACHE_NODES[node]):.2f} GiB of {node}, {RESERVED_PERCENT} % of it kept for snapshots and failover"
    return [legacy_adjustment("cache.memory_gib", spec.cache.memory_gib, given)]


def _gib(size_bytes: int) -> float:
    return size_bytes / 2**30
