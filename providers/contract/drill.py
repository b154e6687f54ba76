"""Restore drills: the schedule, the evidence of one drill, and the commands that run and read them on a cloud.

A drill restores the newest backup of the database into a database of its own, runs the query of `recovery.drill` on it and
deletes it. `backup_verified_age_seconds` is the age of the newest backup for which that succeeded; before the first success
it counts from the declaration of the drill. Pure: imports no SDK.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Protocol

from providers.contract.cli import CliFailure, DeployedStack, Shell
from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.json_data import is_mapping
from providers.contract.schedule import DAY_MINUTES, Schedule, longest_pause_minutes, parse_schedule
from providers.contract.spec import Drill, Platform

AGE_METRIC, LEFTOVERS_METRIC = "backup_verified_age_seconds", "backup_drill_leftovers"
MAX_DRILL_SECONDS = 6 * 3600
"""Time for one drill, most of which is the restore; a database of some hundred GiB takes an hour on every cloud."""
LEFTOVER_SECONDS = 86_400
"""Age above which a database of a drill is a leftover, also while no drill runs."""
KEY = "recovery.drill"
QUERY_SCRIPT = Path(__file__).parent / "drill_query.sh"
"""Script of POSIX sh that runs the query with psql; its variables are described there."""


def drill_of(spec: Platform) -> Drill:
    """Return the drill of a spec; raises ValueError without one."""
    if spec.recovery.drill is None:
        raise ValueError("the platform has no restore drill")
    return spec.recovery.drill


def drill_schedule(drill: Drill) -> Schedule:
    """Return the sets of a drill's schedule, which was checked; its times are UTC."""
    return parse_schedule(drill.schedule)


def shortest_max_age_days(schedule: Schedule) -> int:
    """Return the smallest `max_age_days` that the longest pause of a schedule does not exceed."""
    return ceil(longest_pause_minutes(schedule) / DAY_MINUTES)


def refuse_both_day_fields(spec: Platform, scheduler: str) -> list[Diagnostic]:
    """Refuse a schedule that restricts both day fields, for schedulers that accept one of them."""
    drill = spec.recovery.drill
    if drill is None or not drill_schedule(drill).either_day:
        return []
    problem = f'{scheduler} accepts a restriction of one day field, and "{drill.schedule}" restricts both'
    return [Unsupported(spec.cloud, f"{KEY}.schedule", problem, "use one of the two day fields")]


@dataclass(frozen=True)
class DrillEvidence:
    """Result of one drill; what a drill that failed did not reach is None."""

    verified: bool
    """True when the backup was restored and the query returned a number above 0."""
    recovery_point: str | None
    """Name of the backup on its cloud."""
    recovery_point_time: str | None
    """Time of the backup in ISO 8601, UTC."""
    restore_seconds: int | None
    query_result: str | None
    deleted: bool
    """True when nothing of the drill is left."""
    problem: str = ""
    """Lower-case clause about a drill that failed, or about a copy that could not be deleted."""

    @property
    def succeeded(self) -> bool:
        """True when the backup is good and the restored copy is gone."""
        return self.verified and self.deleted

    def dump(self) -> dict[str, object]:
        """Return the evidence with the names of its fields."""
        return asdict(self)


def evidence_of(text: str) -> DrillEvidence:
    """Return the evidence in the last line of `text` that is a JSON object; raises CliFailure."""
    for line in reversed(text.splitlines()):
        try:
            document: object = json.loads(line)
        except ValueError:
            continue
        if is_mapping(document) and "verified" in document:
            return _evidence(document)
    problem, fix = "the drill printed no result", "run it again, and read the log of the drill if that fails too"
    raise CliFailure(KEY, problem, fix)


def _evidence(document: dict[str, object]) -> DrillEvidence:
    def text(key: str) -> str | None:
        value = document.get(key)
        return None if value is None else str(value)

    seconds = document.get("restore_seconds")
    return DrillEvidence(
        verified=document.get("verified") is True,
        recovery_point=text("recovery_point"),
        recovery_point_time=text("recovery_point_time"),
        restore_seconds=int(seconds) if isinstance(seconds, int | float) else None,
        query_result=text("query_result"),
        deleted=document.get("deleted") is True,
        problem=text("problem") or "",
    )


class DrillControl(Protocol):
    """Commands that run drills of a deployed stack and read their results; `shell` runs the cloud's command line.

    Methods raise CliFailure or DeploymentFailed. Every `providers/<cloud>/drill/control.py` ends with
    `CONTROL: DrillControl = <Cloud>Drills()`, which pyright checks against this Protocol.
    """

    def declared(self, spec: Platform) -> bool:
        """Return whether a stack with this spec has drills."""
        ...

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """Run one drill now, wait for its end, and return its evidence; a failed drill is evidence too."""
        ...

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """Return the time of the newest backup that a drill has verified; None before the first one."""
        ...

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Return the names of databases that drills have left, without that of a drill in progress."""
        ...

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """Delete a database that a drill has left."""
        ...
