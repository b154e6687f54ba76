"""Machine tiers of Cloud SQL in both editions. Pure.

ENTERPRISE has custom machines with 0.9 to 6.5 GiB per vCPU. ENTERPRISE_PLUS has fixed machines with 8 GiB per vCPU and
35 instead of 7 days of point-in-time recovery, and is not available in a few regions. The smallest tier of either edition
that fits is used. The edition is always declared: without it, Cloud SQL assumes ENTERPRISE_PLUS from PostgreSQL 16 on,
which has none of the custom tiers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import DatabaseSize, DatabaseSpec, Platform

Edition = Literal["ENTERPRISE", "ENTERPRISE_PLUS"]

CUSTOM_VCPUS = (1, *range(2, 96 + 1, 2))
MIN_GIB_PER_VCPU = 0.9
MAX_GIB_PER_VCPU = 6.5
MIN_CUSTOM_GIB = 3.75
STEPS_PER_GIB = 4
"""Cloud SQL documentation, "Instance settings": 1 or an even number of cores to 96, 0.9 to 6.5 GB per vCPU, at least
3.75 GB, in steps of 256 MB."""
PERFORMANCE_GIB = {2: 16, 4: 32, 8: 64, 16: 128, 32: 256, 48: 384, 64: 512, 80: 640, 96: 768, 128: 864}
"""Memory in GiB by vCPU: Cloud SQL documentation, "Machine series overview", N2."""
REGIONS_WITHOUT_PLUS = frozenset(["asia-southeast3", "europe-north2", "northamerica-south1"])
"""Regions that have only ENTERPRISE: Cloud SQL documentation, "Instance settings", regions."""
MAX_LOG_DAYS: dict[Edition, int] = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
"""Days of transaction logs, and so of point-in-time recovery."""
DEFAULT_CONNECTIONS = {120: 1000, 60: 800, 30: 600, 15: 500, 7.5: 400, 6: 200, 3.75: 100}
"""By minimum memory in GiB: Cloud SQL documentation, "Configure database flags", `max_connections`."""


@dataclass(frozen=True)
class Tier:
    """Machine tier of Cloud SQL."""

    name: str
    edition: Edition
    vcpu: int
    memory_gib: float

    def __str__(self) -> str:
        return _size_text(self.vcpu, self.memory_gib)


def database_tier(size: DatabaseSize, region: str) -> Tier:
    """Smallest tier that fits the requested vCPU and memory; ValueError for a size that `database_size_refusals` refuses."""
    fitting = sorted(_fitting_tiers(size, region), key=lambda tier: (tier.vcpu, tier.memory_gib))
    if not fitting:
        raise ValueError(f"no tier of Cloud SQL in {region} has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return fitting[0]


def default_connections(tier: Tier) -> int:
    """Default of `max_connections` for the tier's memory."""
    return next(count for min_gib, count in DEFAULT_CONNECTIONS.items() if tier.memory_gib >= min_gib)


def log_days(database: DatabaseSpec, tier: Tier) -> int:
    """Days of point-in-time recovery."""
    return min(database.backup.retention_days, MAX_LOG_DAYS[tier.edition])


def database_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse a size that no tier of the region fits, with the nearest tiers."""
    if spec.database is None or spec.gcp is None:
        return []
    size, region = spec.database.size, spec.gcp.region
    if any(_fitting_tiers(size, region)):
        return []
    editions = "ENTERPRISE or ENTERPRISE_PLUS" if _has_plus(region) else f"ENTERPRISE, the only edition in {region}"
    problem = f"{_size_text(size.vcpu, size.memory_gib)} fits no tier of {editions}"
    fix = f"use {listed(_nearest_tiers(size, region))}"
    return [Unsupported("gcp", "database.size", problem=problem, fix=fix)]


def database_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Report the tier and its edition."""
    if spec.database is None or spec.gcp is None or database_size_refusals(spec, ""):
        return []
    database, tier = spec.database, database_tier(spec.database.size, spec.gcp.region)
    size = {"vcpu": database.size.vcpu, "memory_gib": database.size.memory_gib}
    reason = f"{tier} ({tier.name}, edition {tier.edition}); the smallest Cloud SQL tier that fits"
    return [Adjustment("database.size", requested=size, effect=Effect.ADJUSTED, reason=reason)]


def _tiers(memory_gib: float, region: str) -> list[Tier]:
    """Every tier of the region; custom machines have the requested memory if it is within their range."""
    custom = [_custom_tier(vcpu, memory_gib) for vcpu in CUSTOM_VCPUS]
    return [*custom, *(_performance_tiers() if _has_plus(region) else ())]


def _fitting_tiers(size: DatabaseSize, region: str) -> Iterator[Tier]:
    tiers = _tiers(size.memory_gib, region)
    return (tier for tier in tiers if tier.vcpu >= size.vcpu and tier.memory_gib >= size.memory_gib)


def _custom_tier(vcpu: int, requested_gib: float) -> Tier:
    min_gib = max(requested_gib, vcpu * MIN_GIB_PER_VCPU, MIN_CUSTOM_GIB)
    memory_gib = min(ceil(min_gib * STEPS_PER_GIB) / STEPS_PER_GIB, vcpu * MAX_GIB_PER_VCPU)
    return Tier(f"db-custom-{vcpu}-{round(memory_gib * 1024)}", "ENTERPRISE", vcpu, memory_gib)


def _performance_tiers() -> list[Tier]:
    return [
        Tier(f"db-perf-optimized-N-{vcpu}", "ENTERPRISE_PLUS", vcpu, memory_gib)
        for vcpu, memory_gib in PERFORMANCE_GIB.items()
    ]


def _nearest_tiers(size: DatabaseSize, region: str) -> list[Tier]:
    """Return the tier with the most memory, and the tier with the most memory for the requested vCPU."""
    tiers = _tiers(size.memory_gib, region)
    largest = max(tiers, key=lambda tier: tier.memory_gib)
    with_vcpu = [tier for tier in tiers if tier.vcpu >= size.vcpu] or [largest]
    return list(dict.fromkeys((largest, min(with_vcpu, key=lambda tier: (tier.vcpu, -tier.memory_gib)))))


def _has_plus(region: str) -> bool:
    return region not in REGIONS_WITHOUT_PLUS


def _size_text(vcpu: float, memory_gib: float) -> str:
    return f"{{vcpu: {vcpu:g}, memory_gib: {memory_gib:g}}}"
