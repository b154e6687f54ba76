"""Scripted service under rollout: counts calls, ends the process at any of them, and answers with given metrics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Clock
from automation.rollout.driver import Answer, RolloutDriver, RolloutProgress, RolloutResult
from automation.rollout.record import Request, RolloutRecord
from providers.contract.rollout import RevisionLost, RevisionMetrics
from providers.contract.spec import Alerts, Rollout

GOOD = RevisionMetrics(requests=1000, errors=0, latency_seconds=0.2)
UNAVAILABLE = DeploymentFailed(Failure.UNREACHABLE, "the metrics API does not answer")
Reading = RevisionMetrics | DeploymentFailed | RevisionLost


class Killed(BaseException):
    """End of the process, which no code of the driver may handle."""


@dataclass
class FakeClock:
    """Clock whose time passes by sleeping."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @property
    def clock(self) -> Clock:
        """Clock for the code under test."""
        return Clock(seconds=lambda: self.now, sleep=self.sleep)


@dataclass(kw_only=True)
class KillableCalls:
    """Calls in order, at one of which the process ends."""

    kill_at: int | None = None
    """Call at which the process ends, before it takes effect when even, after it when odd."""
    calls: list[str] = field(default_factory=list[str])

    def call(self, name: str, effect: Callable[[], object]) -> None:
        """Record a call and carry it out, or end the process."""
        number = len(self.calls)
        self.calls.append(name)
        if self.kill_at is not None and number == self.kill_at // 2:
            if self.kill_at % 2:
                effect()
            self.kill_at = None
            raise Killed
        effect()


@dataclass
class ScriptedService(KillableCalls):
    """Service with a stable revision and a new one; `read` returns the metrics at a percentage."""

    read: Callable[[int], Reading] = lambda percent: GOOD
    smoke: str = ""
    delay_seconds: int = 0
    record: RolloutRecord | None = None
    percent: int = 0
    revisions: tuple[str, ...] = ("stable", "next")
    requests: list[Request | None] = field(default_factory=list[Request | None])
    """Answers to `requested`, one for each look; none afterwards."""

    @property
    def metrics_delay_seconds(self) -> int:
        """Delay of the metrics."""
        return self.delay_seconds

    def write(self, record: RolloutRecord | None) -> None:
        """Store the record."""
        self.call("write", lambda: setattr(self, "record", record))

    def requested(self) -> Request | None:
        """Return the next request."""
        return self.requests.pop(0) if self.requests else None

    def smoke_test(self) -> str:
        """Return the scripted failure."""
        self.call("smoke", lambda: None)
        return self.smoke

    def move(self, record: RolloutRecord) -> None:
        """Move the requests."""
        assert record == self.record, "a step is recorded before it is taken"
        self.call("move", lambda: setattr(self, "percent", record.percent(CANARY)))

    def metrics(self, since_seconds: float) -> RevisionMetrics:
        """Return the scripted metrics."""
        self.call("metrics", lambda: None)
        reading = self.read(self.percent)
        if isinstance(reading, DeploymentFailed | RevisionLost):
            raise reading
        return reading

    def replace_stable(self, record: RolloutRecord) -> None:
        """Replace the replicas of the stable revision."""

        def effect() -> None:
            assert self.revisions != ("next",), "its replicas beside the stable ones are removed"
            self.percent, self.revisions = 100, ("next", "next")

        self.call("replace", effect)

    def finish(self, record: RolloutRecord) -> None:
        """Leave the new revision alone."""

        def effect() -> None:
            self.percent, self.revisions = 100, ("next",)

        self.call("finish", effect)

    def withdraw(self, record: RolloutRecord) -> None:
        """Leave the stable revision alone."""

        def effect() -> None:
            self.percent, self.revisions = 0, ("stable",)

        self.call("withdraw", effect)


CANARY = Rollout(strategy="canary", steps=(10, 50, 100), bake_minutes=5, min_requests=50)
START = RolloutRecord("stepping", "gateway-1", "gateway:2", "f2", "2026-11-27T10:00:00+00:00")


def driver(
    service: ScriptedService,
    rollout: Rollout = CANARY,
    answers: Sequence[Answer] = (),
    reports: list[RolloutProgress] | None = None,
    time: FakeClock | None = None,
) -> RolloutDriver:
    """Return a driver of the scripted service."""
    left = list(answers)
    shown = reports if reports is not None else []
    clock = (time or FakeClock()).clock
    return RolloutDriver(
        "gateway", rollout, Alerts(), service, clock=clock, report=shown.append, ask=lambda: left.pop(0)
    )


def run_to_the_end(service: ScriptedService, rollout: Rollout = CANARY) -> RolloutResult:
    """Run as `up` does: a killed process is followed by one that continues from the record."""
    service.record = START
    try:
        return driver(service, rollout).run(START)
    except Killed:
        left = service.record
    # without a record the last write was done, and nothing is left to continue
    return driver(service, rollout).run(left) if left else RolloutResult("done", START)
