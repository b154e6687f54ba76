"""Drill settings that AWS refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.drill import KEY, refuse_both_day_fields
from providers.contract.spec import Platform


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields, and a network without a way to the image of the query."""
    return [*refuse_both_day_fields(spec, "AWS Backup"), *_closed_network(spec)]


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


def _closed_network(spec: Platform) -> Iterator[Diagnostic]:
    if spec.recovery.drill is not None and spec.network.egress == "none":
        yield Unsupported(
            "aws",
            KEY,
            problem="the image of the query is in public.ecr.aws, and `network.egress: none` blocks the internet",
            fix="set network.egress to per_zone or single, or remove the drill",
        )
