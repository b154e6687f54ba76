"""Restore drills that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator
from pathlib import Path

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.drill import KEY
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of
from providers.kubernetes.naming import DATABASE, DRILL

CLUSTER = f"{DATABASE}-{DRILL}"
"""Cluster that a drill restores and deletes."""
SCRIPT = Path(__file__).parents[1] / "scripts" / "restore_drill.py"
"""Program of the drill, for the Python of the database's image."""


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Drills of a database whose backups the platform does not make."""
    return list(_without_backups(spec))


def _without_backups(spec: Platform) -> Iterator[Diagnostic]:
    if spec.recovery.drill is None or spec.database is None:
        return
    if block_of(spec).database.external:
        problem = "an external server has backups of its own, which the platform cannot restore"
        yield Unsupported("kubernetes", KEY, problem, "remove the key, and test restores where the server runs")


def drill_adjustments(spec: Platform) -> list[Adjustment]:
    """Place of a restored database, which needs the capacity of another instance."""
    if spec.recovery.drill is None or spec.database is None:
        return []
    size = spec.database.size
    reason = (
        f"a drill needs room for {size.vcpu:g} vCPU, {size.memory_gib:g} GiB and a volume of {spec.database.storage_gib} GiB "
        "in the cluster; it restores the newest backup with the changes archived since"
    )
    return [Adjustment(KEY, requested=spec.recovery.drill.model_dump(), effect=Effect.PARTIAL, reason=reason)]
