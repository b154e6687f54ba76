"""Restore drills: the schedule, the evidence of one drill, and the commands that run and read them on a cloud.

A drill restores the newest backup of the database into a database of its own, runs the query of `recovery.drill` on it and
deletes it. `backup_verified_age_seconds` is the age of the newest backup for which that succeeded; before the first success
it counts from the declaration of the drill. Pure: imports no SDK.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Protocol

from providers.contract.cli import CliFailure, DeployedStack, Shell
from providers.contract.diagnostics import Diagnostic, Unsupported
from providers.contract.json_data import Raw, is_mapping
from providers.contract.schedule import DAY_MINUTES, Schedule, longest_pause_minutes, parse_schedule
from providers.contract.spec import Drill, Platform

AGE_METRIC, LEFTOVERS_METRIC = "backup_verified_age_seconds", "backup_drill_leftovers"
MAX_DRILL_SECONDS = 6 * 3600
"""Time for one drill, most of which is the restore; a database of some hundred GiB takes an hour on every cloud."""
LEFTOVER_SECONDS = 86_400
"""Age above which a database of a drill is a leftover, also while no drill runs."""
POLL_SECONDS = 30
MAX_POLLS = 2 * MAX_DRILL_SECONDS // POLL_SECONDS
"""A drill ends a restore that takes too long, and deletes its copy after that."""
RESULT = re.compile(r"the query returned ([0-9.]+)\s*$", re.MULTILINE)
REFUSED = re.compile(r"(ERROR: .*|.*authentication failed.*|the query returned .*, not one number above 0)")
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


def refuse_closed_network(spec: Platform, problem: str) -> Iterator[Diagnostic]:
    """Refuse a drill without connections to the internet; `problem` says what it needs these for."""
    if spec.recovery.drill is not None and spec.network.egress == "none":
        problem = f"{problem}, and `network.egress: none` blocks the internet"
        fix = "set network.egress to per_zone or single, or remove the drill"
        yield Unsupported(spec.cloud, KEY, problem, fix)


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


def require_deployed(stack: DeployedStack, type_token: str, name: str) -> None:
    """Raise CliFailure unless a stack has the resource that runs its drills."""
    if stack.resource(type_token, f"{stack.name}-{name}") is None:
        raise CliFailure(KEY, "not deployed yet", f"run agent-platform up {stack.name}")


def drill_in_progress(restored: str) -> CliFailure:
    """Return the failure of a search for leftovers while a drill runs; `restored` is what a drill restores."""
    problem = f"a drill is in progress, and its {restored} is no leftover"
    return CliFailure(KEY, problem, "repeat this when it has ended")


def ended_execution(
    describe: Callable[[], Raw], state: str, running: Collection[str], subject: str, console: str, shell: Shell
) -> Raw:
    """Return the description of an execution when its field `state` has no value of `running`; raises CliFailure."""
    for _ in range(MAX_POLLS):
        described = describe()
        if described.get(state) not in running:
            return described
        shell.sleep(POLL_SECONDS)
    problem = f"the execution {subject} still runs after {MAX_POLLS * POLL_SECONDS // 3600} hours"
    raise CliFailure(KEY, problem, f"look at it in the console of {console}")


def execution_evidence(text: str, result: object, console: str) -> DrillEvidence:
    """Return the evidence in the output of an execution; one that ended with another `result` raises CliFailure."""
    try:
        return evidence_of(text)
    except CliFailure:
        # an error that no step expects, such as a missing permission
        problem = f"the execution ended with {result}: {text[:300]}".rstrip(": ")
        raise CliFailure(KEY, problem, f"look at the execution in the console of {console}") from None


def with_query_log(evidence: DrillEvidence, log: str) -> DrillEvidence:
    """Add what `QUERY_SCRIPT` has printed: the number, or the reason of a failure."""
    results, refusals = RESULT.findall(log), REFUSED.findall(log)
    if evidence.verified:
        return replace(evidence, query_result=results[-1] if results else None)
    return replace(evidence, problem=f"{evidence.problem}: {refusals[-1].strip()}") if refusals else evidence


class DrillControl(Protocol):
    """Commands that run drills of a deployed stack and read their results; `shell` runs the cloud's command line.

    Methods raise CliFailure or DeploymentFailed. Every `providers/<cloud>/drill/control.py` ends with
    `CONTROL: DrillControl = <Cloud>Drills()`, which the type checker checks against this Protocol.
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
