"""Drill settings that AWS refuses or adjusts. Pure."""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.drill import KEY, refuse_both_day_fields, refuse_closed_network
from providers.contract.spec import Platform

CLOSED_NETWORK = "the image of the query is in public.ecr.aws"


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields, and a network without a way to the image of the query."""
    return [*refuse_both_day_fields(spec, "AWS Backup"), *refuse_closed_network(spec, CLOSED_NETWORK)]


def drill_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what AWS restores, when it starts, and which password the restored database has."""
    drill = spec.recovery.drill
    if drill is None:
        return []
    reason = (
        "AWS Backup restores a daily snapshot of its own, up to an hour after the time of the schedule; a snapshot from before "
        "the last rotation of database-password cannot be queried, so that drill fails"
    )
    return [Adjustment(f"{KEY}.schedule", drill.schedule, Effect.PARTIAL, reason)]
