"""Drill settings that Azure refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.drill import KEY, refuse_both_day_fields, refuse_closed_network
from providers.contract.egress import checks_names
from providers.contract.spec import Platform

POINT_SECONDS = 600
"""Time before its start to which a drill restores: the log is archived every five minutes (Microsoft Learn, "Backup and
restore in Azure Database for PostgreSQL")."""

CLOSED_NETWORK = "the drill calls the Resource Manager and pulls public images"


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields, and a network without a way to the images and to the Resource Manager."""
    return [
        *refuse_both_day_fields(spec, "Container Apps"),
        *refuse_closed_network(spec, CLOSED_NETWORK),
        *_refused_behind_firewall(spec),
    ]


def _refused_behind_firewall(spec: Platform) -> list[Diagnostic]:
    if spec.recovery.drill is None or not checks_names(spec):
        return []
    problem, fix = (
        f"{CLOSED_NETWORK}, which network.egress_control: names blocks",
        "remove network.egress_control, or the drill",
    )
    return [Unsupported("azure", KEY, problem, fix)]


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
