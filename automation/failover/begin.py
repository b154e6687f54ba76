"""Beginning of a failover or failback: which one continues, what is refused, and what is lost. Imports no SDK."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.failover_record import PHASES, FailoverRecord, FailoverStore, Kind
from providers.contract.failover import DatabaseState, Move

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

STATE_PROBLEMS = (Failure.UNREACHABLE, Failure.NO_BACKEND, Failure.NO_STACK, Failure.NOT_LOGGED_IN, Failure.DAMAGED)
"""Failures with which the state, and the record in it, cannot be read."""


class FailoverQuestions(Protocol):
    """Facts about a stack and its regions before a failover."""

    has_database: bool
    reseeds: bool
    """True when a failback replaces a database that does not follow by a new replica."""
    copied_objects_minutes: int

    @property
    def name(self) -> str:
        """Name of the stack."""
        ...

    @property
    def active(self) -> str:
        """Region that the stack file names as the one that serves."""
        ...

    def record(self) -> FailoverRecord | None:
        """Return the record of the failover in progress, or of the last one."""
        ...

    def other(self, region: str) -> str:
        """Return the other one of the two regions."""
        ...

    def answers(self, region: str) -> bool:
        """Return whether a region answers."""
        ...

    def database(self, region: str) -> DatabaseState:
        """Return the state of the database in a region."""
        ...


def recorded(stack: FailoverQuestions, kind: Kind) -> FailoverRecord | None:
    """Return the failover to continue, None for a new one; raises DeploymentFailed for one of the other kind."""
    try:
        record = stack.record()
    except DeploymentFailed as failure:
        if failure.kind not in STATE_PROBLEMS:
            raise
        fix = (
            f"follow the loss of the region in `agent-platform recovery plan {stack.name}`, whose commands need no state, and the "
            "loss of the state backend afterwards"
        )
        raise failure.with_fix(fix) from None
    if record is None or not record.open:
        return None
    if record.kind != kind:
        problem = f"a {record.kind} to {record.target} is in progress ({record.phase})"
        raise _refused(stack, problem, f"complete it with `agent-platform {record.kind} {stack.name}`")
    return record


def next_record(stack: FailoverQuestions, kind: Kind, *, planned: bool) -> FailoverRecord:
    """Return the record of a new failover, which is not written yet."""
    source = stack.active
    since = datetime.now(UTC).replace(microsecond=0).isoformat()
    return FailoverRecord(kind, PHASES[kind][0], source, stack.other(source), planned, since)


def begin(stack: FailoverQuestions, kind: Kind, *, planned: bool, force: bool) -> tuple[FailoverRecord, str]:
    """Return the record of a new failover and what it loses, in words; raises DeploymentFailed for one that must not begin."""
    record = next_record(stack, kind, planned=planned)
    move = Move(record.source, record.target)
    if kind == "failback":
        _refuse_failback(stack, move)
        replaced = f"the old data of {move.target}, of which a snapshot is kept"
        return record, replaced if stack.reseeds else "nothing; the replica has everything before it is promoted"
    return record, _loss(stack, move, planned=planned, force=force)


def _refuse_failback(stack: FailoverQuestions, move: Move) -> None:
    for region in (move.source, move.target):
        if not stack.answers(region):
            problem = f"{region} does not answer, and a failback needs both regions"
            raise _refused(stack, problem, f"run `agent-platform failback {stack.name}` again when it does")
    last = stack.record()
    if last is None or last.source != move.target:
        problem = f"{move.source} serves, and no failover has left {move.target}"
        raise _refused(
            stack, problem, f"run `agent-platform failover {stack.name} --planned` to let {move.target} serve"
        )
    if stack.has_database and not stack.reseeds and stack.database(move.target).writes:
        problem = f"the database of {move.target} does not follow that of {move.source}, and its cloud does not make it a replica again"
        fix = f"leave {move.source} serving; `agent-platform recovery plan {stack.name}` has the ways to move the data"
        raise _refused(stack, problem, fix)


def _loss(stack: FailoverQuestions, move: Move, *, planned: bool, force: bool) -> str:
    answers = stack.answers(move.source)
    if planned and not answers:
        problem = f"{move.source} does not answer, so its services cannot be stopped"
        fix = f"run `agent-platform failover {stack.name}` without --planned, which loses what {move.target} has not received"
        raise _refused(stack, problem, fix)
    if not planned and answers and not force:
        problem = f"{move.source} answers, and its database may take writes"
        fix = f"run `agent-platform failover {stack.name} --planned`, which loses nothing, or add --force"
        raise _refused(stack, problem, fix)
    if not stack.has_database:
        return f"objects of the last {stack.copied_objects_minutes} minutes may be missing"
    state = stack.database(move.target)
    if not state.exists:
        fix = f"follow `agent-platform recovery plan {stack.name}`, which restores a backup"
        raise _refused(stack, f"{move.target} has no database", fix)
    if state.writes:
        return _loss_after_promotion(stack, move)
    if planned:
        return "nothing; the replica has everything before it is promoted"
    if state.lag_seconds is None and not force:
        problem = f"the delay of the replica in {move.target} is not known, and so is what would be lost"
        raise _refused(stack, problem, "add --force to promote it nevertheless")
    delay = "an unknown time" if state.lag_seconds is None else f"about {max(state.lag_seconds, 1):.0f} s"
    return f"what was written in the last {delay}, and objects of the last {stack.copied_objects_minutes} minutes"


def _loss_after_promotion(stack: FailoverQuestions, move: Move) -> str:
    """Return the loss with a database that was promoted by hand; refuse one that served before the last failover."""
    last = stack.record()
    # a failback has given the region that it left a new replica, where it gives any
    renewed = last is not None and last.kind == "failback" and stack.reseeds
    if last is not None and last.source == move.target and not renewed:
        problem = f"the database of {move.target} is from before {last.since}, when {move.source} began to serve"
        raise _refused(stack, problem, f"run `agent-platform failback {stack.name}`, which copies the data first")
    return f"what {move.source} has written since the database of {move.target} was promoted by hand"


def _refused(stack: FailoverQuestions, problem: str, fix: str) -> DeploymentFailed:
    return DeploymentFailed(Failure.GUARDED, problem, fix, stack=stack.name)


def refuse_open_failover(deployment: "Deployment", command: str) -> None:
    """Raise DeploymentFailed while a failover is in progress: `command` would undo what it has begun."""
    if deployment.file.spec.recovery.mode != "warm":
        return
    try:
        with deployment.engine_errors():
            record = FailoverStore(deployment.engine).read()
    except DeploymentFailed as failure:
        if failure.kind is Failure.NO_STACK:
            return
        raise
    if record is not None and record.open:
        problem = f"a {record.kind} from {record.source} to {record.target} is in progress ({record.phase})"
        fix = f"complete it with `agent-platform {record.kind} {deployment.name}`, then run `{command}` again"
        raise DeploymentFailed(Failure.GUARDED, problem, fix, stack=deployment.name)
