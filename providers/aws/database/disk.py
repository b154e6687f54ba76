"""How far the database's disk may grow. Pure."""

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.spec import DatabaseSpec, Platform

LEAST_GROWTH_PERCENT = 10
"""Storage autoscaling wants its bound so far above the disk: Amazon RDS user guide, "Managing capacity automatically"."""


def most_storage_gib(database: DatabaseSpec) -> int:
    """What `max_allocated_storage` takes: the upper bound in GiB, 0 for a disk that does not grow."""
    return database.max_storage_gib if database.max_storage_gib > database.storage_gib else 0


def disk_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A disk that may grow by less than RDS's smallest step; one that may not grow at all is fine."""
    database = spec.database
    if database is None or most_storage_gib(database) == 0:
        return []
    least = -(-database.storage_gib * (100 + LEAST_GROWTH_PERCENT) // 100)
    if database.max_storage_gib >= least:
        return []
    advice = (
        f"RDS lets a disk of {database.storage_gib} GiB grow to {least} GiB at least; "
        f"take that, or {database.storage_gib} for a disk that does not grow"
    )
    return [legacy_unsupported("aws", "database.max_storage_gib", database.max_storage_gib, advice)]
