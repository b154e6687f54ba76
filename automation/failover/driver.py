"""Driver of a failover: stop, promote, adopt, test, route, finish; a failback also gives each region its replica. Imports no SDK.

Every phase is recorded before it is carried out, and everything it does can be repeated, so a driver that is killed at any point is
continued by the next one with the same record. The region that is left is asked and changed only while it answers.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.failover_record import BEFORE_ADOPTION, FailoverRecord
from automation.deploy.results import Clock
from providers.contract.failover import DatabaseState

POLL_SECONDS = 15.0
SETTLED_SECONDS = 120.0
"""Time after which a measured delay is one of after the stop: metrics arrive a minute or two late."""
CAUGHT_UP_SECONDS = 1.0
"""Delay of a replica that has everything: RDS reports whole seconds."""
CATCH_UP_TIMEOUT_SECONDS = 900.0
PROMOTION_TIMEOUT_SECONDS = 2400.0
TEST_TIMEOUT_SECONDS = 600.0
DELETION_TIMEOUT_SECONDS = 3600.0
SEED_TIMEOUT_SECONDS = 12 * 3600.0
SEEDED_LAG_SECONDS = 60.0


class FailoverPort(Protocol):
    """Operations on a stack and its regions; every method can be repeated, and raises DeploymentFailed."""

    has_database: bool
    reseeds: bool
    """True when a database that does not follow is replaced by a new replica."""
    shares_entry: bool
    """True when a request reaches a region only after `route`."""

    def write(self, record: FailoverRecord) -> None:
        """Store the record."""
        ...

    def answers(self, region: str) -> bool:
        """Return within seconds whether a region answers."""
        ...

    def database(self, region: str) -> DatabaseState:
        """Return the state of the database in a region."""
        ...

    def stop(self, region: str) -> None:
        """Stop services and schedules of a region."""
        ...

    def start(self, region: str) -> None:
        """Undo `stop`."""
        ...

    def promote(self, region: str, *, planned: bool) -> None:
        """Begin the promotion of the replica in a region."""
        ...

    def adopt(self, region: str) -> None:
        """Write into the stack file that a region serves, and give it its role, without a call into the other region."""
        ...

    def test(self, region: str) -> str:
        """Ask the services of a region before requests move, at its entry if it has one; return why they are not ready."""
        ...

    def request(self, region: str) -> str:
        """Send a request to the entry, and return why it failed; of use after `route` where both regions share it."""
        ...

    def route(self, region: str) -> None:
        """Point the domain to a region."""
        ...

    def converge(self) -> None:
        """Update the whole stack, whose regions both answer."""
        ...

    def delete_database(self, region: str) -> None:
        """Begin the deletion of a database after a last snapshot."""
        ...

    def forget_database(self, region: str) -> None:
        """Remove a deleted database from the state."""
        ...


class SourceAnswers(Exception):
    """The region that an automatic failover was to leave answers again, and nothing was promoted."""


class FailoverDriver:
    """Driver of one failover or failback; `note` prints a line.

    `force` moves requests although a test fails. Waiting ends at `deadline`, seconds of the clock.
    """

    def __init__(
        self,
        stack: str,
        port: FailoverPort,
        clock: Clock,
        note: Callable[[str], object],
        *,
        force: bool = False,
        deadline: float = math.inf,
    ) -> None:
        self.stack, self.port, self.clock, self.note = stack, port, clock, note
        self.force, self.deadline = force, deadline

    def run(self, record: FailoverRecord) -> FailoverRecord:
        """Carry out the phases from the recorded one on, and return the record of the end; raises DeploymentFailed.

        An automatic failover from a region that answers before the promotion ends with that region as its target.
        """
        try:
            record = self._carry_out(record)
        except SourceAnswers:
            self.note(f"{record.source} answers again; nothing was moved")
            record = replace(record, target=record.source)
        record = replace(record, phase="done")
        self.port.write(record)
        return record

    def _carry_out(self, record: FailoverRecord) -> FailoverRecord:
        steps: dict[str, Callable[[FailoverRecord], None]] = {
            "seeding": lambda of: self._seed(of, of.target, of.source),
            "stopping": self._stop,
            "promoting": self._promote,
            "adopting": self._adopt,
            "testing": self._test,
            "routing": self._route,
            "finishing": self._finish,
            "returning": lambda of: self._seed(of, of.source, of.target),
        }
        for phase in record.left:
            record = replace(record, phase=phase)
            self.port.write(record)
            steps[phase](record)
        return record

    def _stop(self, record: FailoverRecord) -> None:
        fenced = self._fence(record)
        if record.planned and not fenced:
            raise self._lost_source(record)
        if not record.planned or not self.port.has_database:
            return
        self.note(f"waiting until the replica in {record.target} has everything")
        started = self.clock.seconds()
        while True:
            state, elapsed = self.port.database(record.target), self.clock.seconds() - started
            if state.writes:  # promoted by hand: nothing more arrives
                return
            if state.lag_seconds is not None and state.lag_seconds <= CAUGHT_UP_SECONDS and elapsed >= SETTLED_SECONDS:
                return
            if elapsed >= CATCH_UP_TIMEOUT_SECONDS:
                raise self._given_up(record, state)
            self.clock.sleep(POLL_SECONDS)

    def _lost_source(self, record: FailoverRecord) -> DeploymentFailed:
        """End a move without loss whose source does not answer, before the promotion, and return the failure."""
        self.port.write(replace(record, phase="done", target=record.source))
        problem = f"{record.source} does not answer any more, so nothing was promoted"
        fix = (
            f"run `agent-platform failover {self.stack}`, which lets {record.target} serve with what it has received; when "
            f"{record.source} answers again, `agent-platform refresh {self.stack}` and `agent-platform up {self.stack}` start its services"
        )
        return self._failure(problem, fix)

    def _given_up(self, record: FailoverRecord, state: DatabaseState) -> DeploymentFailed:
        """Start the services of the source again and return the failure: nothing was promoted."""
        self.port.start(record.source)
        self.port.write(replace(record, phase="done", target=record.source))
        delay = "unknown" if state.lag_seconds is None else f"{state.lag_seconds:.0f} s"
        problem = (
            f"the replica in {record.target} did not catch up within {CATCH_UP_TIMEOUT_SECONDS / 60:.0f} min (its delay is {delay}), "
            f"so nothing was moved, and the services of {record.source} were started again"
        )
        fix = f"find out why the database of {record.target} is late, then run `agent-platform {record.kind} {self.stack}` again"
        return self._failure(problem, fix)

    def _fence(self, record: FailoverRecord, *, promoting: bool = False) -> bool:
        """Stop everything in the region that is left, if it answers, also when it answers again in the middle."""
        if not self.port.answers(record.source):
            self.note(f"{record.source} does not answer, and is left as it is")
            return False
        if record.automatic and not promoting and record.phase in BEFORE_ADOPTION:
            raise SourceAnswers
        self.note(f"stopping services and jobs of {record.source}")
        self.port.stop(record.source)
        return True

    def _promote(self, record: FailoverRecord) -> None:
        if not self.port.has_database:
            return
        if not record.planned:
            self._fence(record, promoting=self._is_promoting(record))
        started, begun = self.clock.seconds(), False
        while True:
            state = self.port.database(record.target)
            if not state.exists:
                problem = f"{record.target} has no database"
                fix = f"follow `agent-platform recovery plan {self.stack}`, which restores a backup"
                raise self._failure(problem, fix)
            if state.writes and state.available:
                if not begun:
                    self.note(f"the database of {record.target} was promoted already")
                return
            if not state.writes and state.available and not begun:
                self._refuse_late_promotion(record)
                self.note(f"promoting the replica in {record.target}")
                # the replica has everything after the stop, so that a region that is lost since then is not asked
                planned = record.planned and self.port.answers(record.source)
                self.port.promote(record.target, planned=planned)
                begun = True
            elif self._is_over(started, PROMOTION_TIMEOUT_SECONDS):
                raise self._late(record, f"the database of {record.target} is not promoted{self._after(started)}")
            self.clock.sleep(POLL_SECONDS)

    def _is_promoting(self, record: FailoverRecord) -> bool:
        """Return whether the promotion of an automatic failover has begun, after which there is no way back."""
        if not record.automatic:
            return False
        state = self.port.database(record.target)
        return state.exists and (state.writes or not state.available)

    def _refuse_late_promotion(self, record: FailoverRecord) -> None:
        """Raise DeploymentFailed when the time of an automatic failover is over: a promotion cannot be undone."""
        if self.clock.seconds() >= self.deadline:
            problem = f"the time for an automatic failover is over, and the database of {record.target} is not promoted"
            raise self._late(record, problem)

    def _is_over(self, started: float, timeout_seconds: float) -> bool:
        """Return whether a wait that began at `started` has to end."""
        return self.clock.seconds() >= min(started + timeout_seconds, self.deadline)

    def _after(self, started: float) -> str:
        return f" after {(self.clock.seconds() - started) / 60:.0f} min"

    def _adopt(self, record: FailoverRecord) -> None:
        self.note(f"giving {record.target} the size and the jobs of the region that serves")
        self.port.adopt(record.target)

    def _test(self, record: FailoverRecord) -> None:
        self.note(f"testing the services of {record.target}")
        self._await_answers(record, self.port.test, "so no request was moved")

    def _await_answers(self, record: FailoverRecord, ask: Callable[[str], str], consequence: str) -> None:
        started = self.clock.seconds()
        while problem := ask(record.target):
            if self._is_over(started, TEST_TIMEOUT_SECONDS):
                if self.force:
                    self.note(f"{record.target} does not answer as it should ({problem}); it serves nevertheless")
                    return
                text = f"the services of {record.target} do not answer ({problem}), {consequence}"
                fix = (
                    f"read `agent-platform logs {self.stack} SERVICE` and run `agent-platform {record.kind} {self.stack}` again; "
                    "with --force the requests move nevertheless"
                )
                raise self._failure(text, fix)
            self.clock.sleep(POLL_SECONDS)

    def _route(self, record: FailoverRecord) -> None:
        if not record.planned:
            self._fence(record)
        self.note(f"pointing the domain to {record.target}")
        self.port.route(record.target)
        if self.port.shares_entry:
            self.note(f"testing the entry, which leads to {record.target}")
            self._await_answers(record, self.port.request, "and requests were moved there already")

    def _finish(self, record: FailoverRecord) -> None:
        if not self.port.answers(record.source):
            self.note(
                f"{record.source} does not answer; when it does, `agent-platform up {self.stack}` reduces it, and "
                f"`agent-platform failback {self.stack}` returns to it"
            )
            return
        self.note(f"updating the stack, which reduces {record.source}")
        self.port.converge()

    def _seed(self, record: FailoverRecord, region: str, serving: str) -> None:
        """Give a region a new replica of the database that serves, in place of one that does not follow it."""
        if not self.port.has_database:
            return
        self._refuse_unreachable(record, region, serving)
        self._refuse_only_data(record, serving)
        state = self.port.database(region)
        if state.exists and state.writes and not self.port.reseeds:
            self.note(f"the database of {region} does not follow that of {serving}, and is left as it is")
            return
        if state.exists and state.writes:
            self._delete(record, region)
        if not state.exists or state.writes:
            self.port.forget_database(region)
            self.note(f"creating a replica in {region}, which takes from minutes to hours")
            self.port.converge()
        started = self.clock.seconds()
        while True:
            state = self.port.database(region)
            follows = state.exists and state.available and not state.writes
            if follows and state.lag_seconds is not None and state.lag_seconds <= SEEDED_LAG_SECONDS:
                return
            if self.clock.seconds() - started >= SEED_TIMEOUT_SECONDS:
                problem = f"the replica in {region} is not ready after {SEED_TIMEOUT_SECONDS / 3600:.0f} h"
                raise self._late(record, problem)
            self.clock.sleep(POLL_SECONDS)

    def _refuse_unreachable(self, record: FailoverRecord, region: str, serving: str) -> None:
        """Refuse to replace a database while one of both regions does not answer; end the move where the other can serve."""
        if not self.port.answers(serving):
            state = self.port.database(region)
            if state.exists and not state.writes:
                self.port.write(replace(record, phase="done", target=serving))
                fix = f"run `agent-platform failover {self.stack}`, which lets {region} serve with what its replica has received"
            else:
                fix = (
                    f"run `agent-platform {record.kind} {self.stack}` again when it does; if it is lost for good, follow "
                    f"`agent-platform recovery plan {self.stack}`"
                )
            raise self._failure(f"{serving} does not answer, so {region} gets no replica of its database", fix)
        if not self.port.answers(region):
            problem = f"{region} does not answer, so its database is not replaced"
            raise self._failure(problem, f"run `agent-platform {record.kind} {self.stack}` again when it does")

    def _refuse_only_data(self, record: FailoverRecord, serving: str) -> None:
        """Refuse to delete a database unless the one that serves is there and writes."""
        state = self.port.database(serving)
        if not (state.exists and state.writes and state.available):
            problem = (
                f"the database of {serving} does not write, so that of the other region is the only one and is kept"
            )
            raise self._failure(problem, f"look at it with `agent-platform recovery status {self.stack}`")

    def _delete(self, record: FailoverRecord, region: str) -> None:
        """Delete a database after a last snapshot, as soon as it is available, and wait; one that is being deleted is not."""
        started, begun = self.clock.seconds(), False
        while (state := self.port.database(region)).exists:
            if state.available and not begun:
                self.note(f"deleting the old database of {region} after a last snapshot")
                self.port.delete_database(region)
                begun = True
            if self.clock.seconds() - started >= DELETION_TIMEOUT_SECONDS:
                problem = f"the old database of {region} is not deleted after {DELETION_TIMEOUT_SECONDS / 60:.0f} min"
                raise self._late(record, problem)
            self.clock.sleep(POLL_SECONDS)

    def _late(self, record: FailoverRecord, problem: str) -> DeploymentFailed:
        return self._failure(problem, f"run `agent-platform {record.kind} {self.stack}` again, which waits for it")

    def _failure(self, problem: str, fix: str) -> DeploymentFailed:
        return DeploymentFailed(Failure.COMMAND, problem, fix, stack=self.stack)
