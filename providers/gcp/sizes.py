"""Sizes of Google Cloud's data services: Cloud SQL's tiers in both editions, Memorystore's memory. Pure tables.

Cloud SQL sells two editions. ENTERPRISE cuts a machine to measure, with 0.9 to 6.5 GiB a vCPU; ENTERPRISE_PLUS has fixed
machines with 8 GiB a vCPU, recovery to any second of 35 days instead of 7, and is missing in a few regions. The smallest
tier of either that fits is taken, and the edition is always stated: left out, it would be ENTERPRISE_PLUS from PostgreSQL
16 on, which knows none of the other's tiers. Sizes of services stand in `run_sizes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
from providers.contract.spec import DatabaseSize, DatabaseSpec, Platform

Edition = Literal["ENTERPRISE", "ENTERPRISE_PLUS"]

CUSTOM_VCPUS = (1, *range(2, 96 + 1, 2))
LEAST_GIB_A_VCPU = 0.9
MOST_GIB_A_VCPU = 6.5
LEAST_CUSTOM_GIB = 3.75
STEPS_A_GIB = 4
"""Cloud SQL documentation, "Instance settings": 1 or an even number of cores to 96, 0.9 to 6.5 GB a vCPU, at least 3.75,
in steps of 256 MB."""
PERFORMANCE = {2: 16, 4: 32, 8: 64, 16: 128, 32: 256, 48: 384, 64: 512, 80: 640, 96: 768, 128: 864}
"""Memory in GiB by vCPU: Cloud SQL documentation, "Machine series overview", N2."""
WITHOUT_PLUS = frozenset(["asia-southeast3", "europe-north2", "northamerica-south1"])
"""Regions with ENTERPRISE alone: Cloud SQL documentation, "Instance settings", regions."""
MOST_LOG_DAYS: dict[Edition, int] = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
"""Days that recovery to any second reaches back."""
DEFAULT_CONNECTIONS = {120: 1000, 60: 800, 30: 600, 15: 500, 7.5: 400, 6: 200, 3.75: 100}
"""By least memory in GiB: Cloud SQL documentation, "Configure database flags", `max_connections`."""

MOST_CACHE_GIB = 300
"""Memorystore for Redis takes whole GiB from 1 to here: `redis.Instance`, `memorySizeGb`."""


@dataclass(frozen=True)
class Tier:
    """A machine of Cloud SQL."""

    name: str
    edition: Edition
    vcpu: int
    memory_gib: float

    def __str__(self) -> str:
        return f"{{vcpu: {self.vcpu}, memory_gib: {self.memory_gib:g}}}"


def database_tier(size: DatabaseSize, region: str) -> Tier:
    """Smallest tier with at least the asked vCPU and memory; ValueError for what `database_size_refusals` refuses."""
    fitting = sorted(_fitting(size, region), key=lambda tier: (tier.vcpu, tier.memory_gib))
    if not fitting:
        raise ValueError(f"no tier of Cloud SQL in {region} has {size.vcpu:g} vCPU and {size.memory_gib:g} GiB")
    return fitting[0]


def default_connections(tier: Tier) -> int:
    """Connections that Cloud SQL allows a server of this memory."""
    return next(count for least_gib, count in DEFAULT_CONNECTIONS.items() if tier.memory_gib >= least_gib)


def log_days(database: DatabaseSpec, tier: Tier) -> int:
    """Days that recovery to any second reaches back."""
    return min(database.backup.retention_days, MOST_LOG_DAYS[tier.edition])


def cache_gib(memory_gib: float) -> int:
    """Whole GiB with room for the asked memory."""
    return ceil(memory_gib)


def database_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A database that no tier of the region holds, with the nearest that one does."""
    if spec.database is None or spec.gcp is None or any(_fitting(spec.database.size, spec.gcp.region)):
        return []
    size, region = spec.database.size, spec.gcp.region
    nearest = listed(_nearest(size, region))
    editions = (
        "ENTERPRISE and ENTERPRISE_PLUS have" if _has_plus(region) else f"ENTERPRISE, the edition of {region}, has"
    )
    return [
        legacy_unsupported("gcp", "database.size", _asked(size), f"{editions} no tier of this size; take {nearest}")
    ]


def database_size_adjustments(spec: Platform) -> list[Adjustment]:
    """The tier and its edition; the size rounded up, and a backup kept longer than recovery to any second reaches."""
    if spec.database is None or spec.gcp is None or database_size_refusals(spec, ""):
        return []
    database, tier = spec.database, database_tier(spec.database.size, spec.gcp.region)
    given = f"{tier} of the tier {tier.name} in the edition {tier.edition}, the smallest that fits"
    found = [legacy_adjustment("database.size", _asked(database.size), given)]
    days = database.backup.retention_days
    if days > log_days(database, tier):
        given = f"{days} daily backups, and recovery to any second of the last {log_days(database, tier)} days alone"
        found.append(legacy_adjustment("database.backup.retention_days", days, f"{given} ({tier.edition})"))
    return found


def cache_size_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A cache larger than the largest instance."""
    if spec.cache is None or spec.cache.memory_gib <= MOST_CACHE_GIB:
        return []
    advice = f"an instance of Memorystore has at most {MOST_CACHE_GIB} GiB; take that or less"
    return [legacy_unsupported("gcp", "cache.memory_gib", spec.cache.memory_gib, advice)]


def cache_size_adjustments(spec: Platform) -> list[Adjustment]:
    """Memory that is no whole number of GiB."""
    if spec.cache is None or cache_gib(spec.cache.memory_gib) == spec.cache.memory_gib:
        return []
    asked = spec.cache.memory_gib
    return [legacy_adjustment("cache.memory_gib", asked, f"{cache_gib(asked)} GiB: Memorystore sells whole ones")]


def _fitting(size: DatabaseSize, region: str) -> Iterator[Tier]:
    tiers = [_custom(vcpu, size.memory_gib) for vcpu in CUSTOM_VCPUS] + _performance(region)
    return (tier for tier in tiers if tier.vcpu >= size.vcpu and tier.memory_gib >= size.memory_gib)


def _custom(vcpu: int, asked_gib: float) -> Tier:
    """The machine of so many vCPU with the least memory that is enough, or as much as it can have."""
    least_gib = max(asked_gib, vcpu * LEAST_GIB_A_VCPU, LEAST_CUSTOM_GIB)
    memory_gib = min(ceil(least_gib * STEPS_A_GIB) / STEPS_A_GIB, vcpu * MOST_GIB_A_VCPU)
    return Tier(f"db-custom-{vcpu}-{round(memory_gib * 1024)}", "ENTERPRISE", vcpu, memory_gib)


def _performance(region: str) -> list[Tier]:
    if not _has_plus(region):
        return []
    return [Tier(f"db-perf-optimized-N-{vcpu}", "ENTERPRISE_PLUS", vcpu, gib) for vcpu, gib in PERFORMANCE.items()]


def _nearest(size: DatabaseSize, region: str) -> list[Tier]:
    """The tier with the most memory, and the one with the most beside the vCPU asked for."""
    tiers = [_custom(vcpu, size.memory_gib) for vcpu in CUSTOM_VCPUS] + _performance(region)
    most = max(tiers, key=lambda tier: tier.memory_gib)
    as_fast = [tier for tier in tiers if tier.vcpu >= size.vcpu] or [most]
    return list(dict.fromkeys((most, min(as_fast, key=lambda tier: (tier.vcpu, -tier.memory_gib)))))


def _has_plus(region: str) -> bool:
    return region not in WITHOUT_PLUS


def _asked(size: DatabaseSize) -> dict[str, float]:
    return {"vcpu": size.vcpu, "memory_gib": size.memory_gib}
