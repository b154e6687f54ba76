"""Driver of one service's rollout: smoke test, steps, bake times, then the end or the abort. Imports no SDK.

Every phase is recorded before it is carried out, and everything it does can be repeated, so a driver that is killed at any
point is continued by the next one with the same record. Bake times of a continued step start again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from automation.deploy.results import Clock
from automation.rollout.bake import Bake, Sample, Verdict, read_metrics
from automation.rollout.record import Request, RolloutRecord
from providers.contract.rollout import RevisionLost, RevisionMetrics
from providers.contract.spec import Alerts, Rollout

POLL_SECONDS = 10.0
Answer = Literal["continue", "leave", "abort"]
ABORTED_BY_USER = "aborted by the user"


class RolloutPort(Protocol):
    """Operations on one service of a stack; every method can be repeated."""

    @property
    def metrics_delay_seconds(self) -> int:
        """Seconds by which the metrics of a request are late."""
        ...

    def write(self, record: RolloutRecord | None) -> None:
        """Store the record; None removes it."""
        ...

    def requested(self) -> Request | None:
        """Return what another process requested."""
        ...

    def smoke_test(self) -> str:
        """Test the new revision before its first request; return why it failed, empty on success."""
        ...

    def move(self, record: RolloutRecord) -> None:
        """Give the new revision the requests of the record's step; raises RevisionLost."""
        ...

    def metrics(self, since_seconds: float) -> RevisionMetrics:
        """Return the metrics of the new revision in the last seconds; raises DeploymentFailed or RevisionLost."""
        ...

    def replace_stable(self, record: RolloutRecord) -> None:
        """Replace the stable revision while the new one serves, where both have replicas of their own."""
        ...

    def finish(self, record: RolloutRecord) -> None:
        """Make the new revision the only one."""
        ...

    def withdraw(self, record: RolloutRecord) -> None:
        """Give the stable revision every request and remove the new one."""
        ...


@dataclass(frozen=True)
class RolloutProgress:
    """State of a rollout to display; `bake` is None between bake times."""

    service: str
    percent: int
    text: str
    bake: Sample | None = None


@dataclass(frozen=True)
class RolloutResult:
    """End of a rollout: `done`, `held` after an abort, or `left` at its step by an interrupted user."""

    result: Literal["done", "held", "left"]
    record: RolloutRecord

    @property
    def reason(self) -> str:
        """Why the rollout was aborted; empty otherwise."""
        return self.record.reason


class LeftAtStep(Exception):
    """The user chose to leave the rollout at its step."""

    def __init__(self, record: RolloutRecord) -> None:
        self.record = record
        super().__init__()


class RolloutDriver:
    """Driver of the rollout of `service`; `ask` is the answer of the user to an interrupt."""

    def __init__(
        self,
        service: str,
        rollout: Rollout,
        alerts: Alerts,
        port: RolloutPort,
        *,
        clock: Clock,
        report: Callable[[RolloutProgress], object],
        ask: Callable[[], Answer],
    ) -> None:
        self.service, self.rollout, self.alerts, self.port = service, rollout, alerts, port
        self.clock, self.report, self.ask = clock, report, ask

    def run(self, record: RolloutRecord) -> RolloutResult:
        """Continue from a record whose new revision is deployed, until the end; raises DeploymentFailed."""
        if record.phase in ("aborting", "held"):
            return self.abort(record, record.reason)
        if record.phase == "stepping":
            try:
                reason, record = self._step_through(record)
            except LeftAtStep as left:
                return RolloutResult("left", left.record)
            if reason:
                return self.abort(record, reason)
        if record.phase != "removing":
            record = replace(record, phase="finishing")
            self.port.write(record)
            self._report(100, "all requests reach the new revision; removing the stable one")
            self.port.replace_stable(record)
        # from here on the program declares no position: one of a removed revision would give it the requests again
        record = replace(record, phase="removing")
        self.port.write(record)
        self.port.finish(record)
        self.port.write(None)
        return RolloutResult("done", record)

    def abort(self, record: RolloutRecord, reason: str) -> RolloutResult:
        """Give the stable revision every request, and hold the candidate until it changes."""
        record = replace(record, phase="aborting", reason=reason)
        self.port.write(record)
        self._report(0, f"aborting: {reason}")
        self.port.withdraw(record)
        record = replace(record, phase="held")
        self.port.write(record)
        return RolloutResult("held", record)

    def _step_through(self, record: RolloutRecord) -> tuple[str, RolloutRecord]:
        """Take the steps that are left; return the reason to abort, empty when all passed, and the last record."""
        if record.step == 0:
            self._report(0, "testing the new revision")
            if failure := self.port.smoke_test():
                return f"smoke test: {failure}", record
        for step in range(max(1, record.step), len(self.rollout.percents) + 1):
            record = replace(record, step=step)
            self.port.write(record)
            percent = record.percent(self.rollout)
            self._report(percent, f"moving {percent} % of the requests to the new revision")
            verdict = self._take(record, percent)
            if verdict.note:
                self._report(percent, verdict.note)
            if verdict.reason:
                return verdict.reason, record
        return "", record

    def _take(self, record: RolloutRecord, percent: int) -> Verdict:
        """Take one step and observe the new revision."""
        try:
            self.port.move(record)
            return self._bake(record, percent)
        except RevisionLost as lost:
            return Verdict(lost.reason)

    def _bake(self, record: RolloutRecord, percent: int) -> Verdict:
        bake = Bake(self.rollout, self.alerts, self.port.metrics_delay_seconds)
        started, paused_seconds = self.clock.seconds(), 0.0
        while True:
            try:
                now = self.clock.seconds()
                if (request := self.port.requested()) == "abort":
                    return Verdict(ABORTED_BY_USER)
                metrics, problem = read_metrics(lambda: self.port.metrics(self.clock.seconds() - started))
                sample = Sample(now - started - paused_seconds, bake.total_seconds, metrics, problem)
                self.report(RolloutProgress(self.service, percent, "paused" if request else "", sample))
                verdict = bake.take(sample)
                if verdict is not None and (verdict.reason or request is None):
                    return verdict
                self.clock.sleep(POLL_SECONDS)
                if request == "pause":
                    paused_seconds += self.clock.seconds() - now
            except KeyboardInterrupt:
                answer = self.ask()
                if answer == "abort":
                    return Verdict(ABORTED_BY_USER)
                if answer == "leave":
                    raise LeftAtStep(record) from None

    def _report(self, percent: int, text: str) -> None:
        self.report(RolloutProgress(self.service, percent, text))
