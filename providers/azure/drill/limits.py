"""Drill settings that Azure refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.drill import KEY, refuse_both_day_fields
from providers.contract.spec import Platform

POINT_SECONDS = 600
"""Time before its start to which a drill restores: the log is archived every five minutes (Microsoft Learn, "Backup and
restore in Azure Database for PostgreSQL")."""


def drill_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Schedules that restrict both day fields, and a network without a way to the images and to the Resource Manager."""
    return [*refuse_both_day_fields(spec, "Container Apps"), *_closed_network(spec)]


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


def _closed_network(spec: Platform) -> Iterator[Diagnostic]:
    if spec.recovery.drill is not None and spec.network.egress == "none":
        yield Unsupported(
            "azure",
            KEY,
            problem="the drill calls the Resource Manager and pulls public images, and `network.egress: none` blocks the internet",
            fix="set network.egress to per_zone or single, or remove the drill",
        )
