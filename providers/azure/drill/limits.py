"""Drill settings that Azure refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.drill import KEY, refuse_both_day_fields, refuse_closed_network
from providers.contract.spec import Platform

POINT_SECONDS = 600
"""Time before its start to which a drill restores: the log is archived every five minutes (Microsoft Learn, "Backup and
restore in Azure Database for PostgreSQL")."""

CLOSED_NETWORK = "the drill calls the Resource Manager and pulls public images"


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields, and a network without a way to the images and to the Resource Manager."""
    return [*refuse_both_day_fields(spec, "Container Apps"), *refuse_closed_network(spec, CLOSED_NETWORK)]


def drill_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what Azure restores, what that costs, and which password the restored database has."""
    drill = spec.recovery.drill
    if drill is None:
        return []
    reason = (
        "a job restores the database to ten minutes before into a server of the same size, which costs as much while it exists; "
        "a drill within ten minutes after a rotation of database-password fails. The drill has custom roles: deploy it with "
        "Owner or User Access Administrator"
    )
    return [Adjustment(f"{KEY}.schedule", drill.schedule, Effect.PARTIAL, reason)]
