"""Automatic failover: three failed checks, a failover within its timeout, and notices to the channels of the alarms. Imports no SDK.

A check fails when neither the API of the region nor its entry answers, while the other region does: an API alone that does not
answer is no reason to lose data, and a machine that reaches no region proves nothing. Each run is one process that ends, for a
schedule outside of the region; what it has begun is in the record of the failover, with which the next run continues.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.failover_record import FailoverRecord
from automation.deploy.results import Clock
from automation.failover.begin import FailoverQuestions, begin, recorded
from automation.failover.driver import FailoverDriver, FailoverPort
from providers.contract.failover import Notice

T = TypeVar("T")
CHECKS = 3
"""Failed checks in a row before anything is moved."""
CHECK_SECONDS = 60.0
"""Time between two checks."""
RETRY_SECONDS = 30.0
"""Time before a step that failed is repeated."""
Ended = Literal["answers", "moved", "by hand"]
"""End of a run: the region answers, the other one serves now, or a failover that a person has begun is in progress."""


class AutomaticPort(FailoverPort, FailoverQuestions, Protocol):
    """Operations of a failover, and the checks and notices of an automatic one."""

    def resume(self) -> None:
        """Remove what a killed engine has left, such as a lock."""
        ...

    def entry_answers(self, region: str) -> bool:
        """Return whether the entry of a region answers requests; False also for one that cannot be reached."""
        ...

    def notify(self, region: str, notice: Notice) -> bool:
        """Send a message to the channels of the critical alarms through a region; False without a channel."""
        ...


class AutomaticFailover:
    """One run for a stack; `max_loss_seconds` is what its recovery plan promises to lose at most."""

    def __init__(
        self,
        port: AutomaticPort,
        clock: Clock,
        note: Callable[[str], object],
        *,
        timeout_minutes: int,
        max_loss_seconds: float,
    ) -> None:
        self.port, self.clock, self.note = port, clock, note
        self.timeout_minutes, self.max_loss_seconds = timeout_minutes, max_loss_seconds

    def run(self) -> Ended:
        """Check the region that serves, and fail over when it does not answer; raises DeploymentFailed for one that is held."""
        record = recorded(self.port, "failover")
        if record is None:
            since = self.clock.now()
            if not self._is_lost(self.port.active):
                return "answers"
            record = self._begin(since)
            return "answers" if record is None else self._complete(record)
        if not record.automatic:
            self.note(f"a failover to {record.target} that a person has begun is in progress ({record.phase})")
            return "by hand"
        if record.held:
            raise self._held(record, f"its time of {self.timeout_minutes} min is over ({record.phase})", "")
        self.port.resume()
        self.note(f"continuing the automatic failover to {record.target} ({record.phase})")
        return self._complete(record)

    def _is_lost(self, region: str) -> bool:
        other = self.port.other(region)
        for number in range(1, CHECKS + 1):
            if number > 1:
                self.clock.sleep(CHECK_SECONDS)
            if self.port.answers(region) or self.port.entry_answers(region):
                self.note(f"{region} answers")
                return False
            if not self.port.answers(other):
                problem = f"neither {region} nor {other} answers, which is no proof that {region} is lost"
                fix = f"check network and login of this machine, then run `{self._command}` again"
                raise DeploymentFailed(Failure.UNREACHABLE, problem, fix, stack=self.port.name)
            self.note(f"{region} does not answer (check {number} of {CHECKS})")
        return True

    def _begin(self, since: datetime) -> FailoverRecord | None:
        """Return the record of a failover that may begin by itself; None when the region answers again."""
        source = self.port.active
        deadline = self.clock.seconds() + self._left_seconds(since.isoformat())
        try:
            found = self._repeatedly(deadline, lambda: self._prepare(source))
        except DeploymentFailed as failure:
            target = self.port.other(source)
            self._tell(target, f"no failover to {target} by itself", f"{source} does not answer. {failure}")
            raise
        if found is None:
            self.note(f"{source} answers again; nothing was moved")
            return None
        record, lost = found
        record = replace(record, automatic=True, since=since.replace(microsecond=0).isoformat())
        text = f"{source} has not answered {CHECKS} checks. {record.target} will serve; lost: {lost}."
        self._tell(record.target, f"failover to {record.target} begins", text)
        return record

    def _prepare(self, source: str) -> tuple[FailoverRecord, str] | None:
        if self.port.answers(source):
            return None
        found = begin(self.port, "failover", planned=False, force=False)
        if self.port.has_database:
            self._refuse_loss(found[0])
        return found

    def _refuse_loss(self, record: FailoverRecord) -> None:
        state = self.port.database(record.target)
        if state.writes:
            problem = (
                f"the database of {record.target} was promoted by hand, and lacks what {record.source} wrote since"
            )
        elif state.lag_seconds is not None and state.lag_seconds > self.max_loss_seconds:
            problem = (
                f"the replica in {record.target} is {state.lag_seconds:.0f} s behind, and the recovery plan promises to lose "
                f"at most {self.max_loss_seconds:.0f} s"
            )
        else:
            return
        raise DeploymentFailed(Failure.GUARDED, problem, self._manual_fix("decide"), stack=self.port.name)

    def _complete(self, record: FailoverRecord) -> Ended:
        """Carry a failover out, with repeats of what fails, until its time is over; then hold it and tell the channels."""
        left = self._left_seconds(record.since)
        deadline = self.clock.seconds() + left
        driver = FailoverDriver(self.port.name, self.port, self.clock, self.note, deadline=deadline)
        try:
            if left <= 0:
                raise self._overdue(record)
            end = self._repeatedly(deadline, lambda: driver.run(self._newest(record)))
        except DeploymentFailed as failure:
            if failure.kind is Failure.CANCELLED:  # by a person, and the next run continues
                raise
            raise self._hold(self._newest(record), failure) from None
        if end.target == record.source:
            self._tell(record.target, "no failover", f"{record.source} answers again; nothing was moved.")
            return "answers"
        back = f"`agent-platform failback {self.port.name}` returns to {record.source} when it answers again."
        self._tell(record.target, f"{record.target} serves", f"{record.source} does not answer, and was left. {back}")
        return "moved"

    def _repeatedly(self, deadline: float, act: Callable[[], T]) -> T:
        """Return the result of an operation that is repeated until it succeeds, is refused, or the time is over."""
        while True:
            try:
                return act()
            except DeploymentFailed as failure:
                if failure.kind is Failure.GUARDED or self.clock.seconds() + RETRY_SECONDS >= deadline:
                    raise
                self.note(f"{failure.problem}; it is repeated in {RETRY_SECONDS:.0f} s")
            self.clock.sleep(RETRY_SECONDS)

    def _newest(self, record: FailoverRecord) -> FailoverRecord:
        """Return the stored record of a failover; the given one before it is written."""
        stored = self.port.record()
        return stored if stored is not None and stored.open else record

    def _hold(self, record: FailoverRecord, failure: DeploymentFailed) -> DeploymentFailed:
        """Tell the channels, and record that they know; return the failure of this run."""
        held = self._held(record, failure.problem, failure.fix)
        self._tell(record.target, f"failover to {record.target} is held", str(held))
        try:
            self.port.write(replace(record, held=True))
        except DeploymentFailed as unwritten:
            self.note(f"the next run tells the channels again: {unwritten.problem}")
        return held

    def _overdue(self, record: FailoverRecord) -> DeploymentFailed:
        problem = f"it has not ended within {self.timeout_minutes} min ({record.phase})"
        return DeploymentFailed(Failure.GUARDED, problem, "", stack=self.port.name)

    def _held(self, record: FailoverRecord, problem: str, fix: str) -> DeploymentFailed:
        text = f"the automatic failover to {record.target} is held: {problem}"
        steps = "; ".join(part for part in (fix, self._manual_fix("continue")) if part)
        return DeploymentFailed(Failure.GUARDED, text, steps, stack=self.port.name)

    def _manual_fix(self, verb: str) -> str:
        return f"{verb} with `agent-platform failover {self.port.name}`"

    def _tell(self, region: str, subject: str, text: str) -> None:
        """Send a notice; one that cannot be sent does not stop a failover."""
        self.note(f"{self.port.name}: {subject}")
        try:
            sent = self.port.notify(region, Notice(f"{self.port.name}: {subject}", text))
        except DeploymentFailed as failure:
            self.note(f"the notice was not sent: {failure.problem}")
            return
        if not sent:
            self.note(
                "nobody receives the notice: set monitoring.slack, or monitoring.emails where `plan` does not exclude them"
            )

    def _left_seconds(self, since: str) -> float:
        """Return the seconds until a failover that began at a time must have ended."""
        end = datetime.fromisoformat(since) + timedelta(minutes=self.timeout_minutes)
        return (end - self.clock.now()).total_seconds()

    @property
    def _command(self) -> str:
        return f"agent-platform failover {self.port.name} --when-unreachable"
