"""Drills that Google Cloud adjusts; it refuses none, because Cloud Scheduler has the fields of cron. Pure."""

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.drill import KEY
from providers.contract.spec import Platform


def drill_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what is restored, on which instance, and which password the restored database has."""
    drill = spec.recovery.drill
    if drill is None:
        return []
    reason = (
        "a drill restores the newest backup of Cloud SQL into an instance of the tier and disk of the database, and deletes it; "
        "a backup from before the last rotation of database-password cannot be queried, so that drill fails"
    )
    return [Adjustment(f"{KEY}.schedule", drill.schedule, Effect.PARTIAL, reason)]
