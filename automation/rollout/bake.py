"""Observation of a new revision after a step: passes, or ends with the reason to abort the rollout. Imports no SDK."""

from collections.abc import Callable
from dataclasses import dataclass

from automation.deploy.errors import DeploymentFailed
from providers.contract.rollout import MIN_BAKE_MINUTES, RevisionMetrics
from providers.contract.spec import Alerts, Rollout


@dataclass(frozen=True)
class Sample:
    """State of a bake time after one look at the metrics; `metrics` is None when they could not be read."""

    elapsed_seconds: float
    total_seconds: float
    metrics: RevisionMetrics | None
    problem: str = ""


@dataclass(frozen=True)
class Verdict:
    """End of a bake time: the reason to abort, empty when it passed, and a note for the user."""

    reason: str = ""
    note: str = ""


class Bake:
    """Bake time of one step; `take` adds a sample and returns the verdict when the time is over, or before it for a fault.

    Time in which the rollout is paused does not count. With fewer requests than `min_requests` the time is doubled once;
    then the step passes with a note, because nothing was measured against the revision.
    """

    def __init__(self, rollout: Rollout, alerts: Alerts, delay_seconds: int) -> None:
        self._rollout, self._alerts = rollout, alerts
        bake_seconds = rollout.bake_minutes * 60.0
        if delay_seconds:
            bake_seconds = max(bake_seconds, MIN_BAKE_MINUTES * 60.0)
        self._once = bake_seconds
        self._delay = float(delay_seconds)
        self._doubled = False

    @property
    def total_seconds(self) -> float:
        """Seconds that this bake time lasts, with the delay of the metrics."""
        return self._once * (2 if self._doubled else 1) + self._delay

    def take(self, sample: Sample) -> Verdict | None:
        """Return the verdict, or None while the time lasts."""
        metrics = sample.metrics
        enough = metrics is not None and metrics.requests >= max(1, self._rollout.min_requests)
        if metrics is not None and enough and (reason := self._exceeded(metrics)):
            return Verdict(reason)
        if sample.elapsed_seconds < self.total_seconds:
            return None
        if metrics is None:
            return Verdict(f"the metrics of the new revision cannot be read: {sample.problem}")
        if enough:
            return Verdict()
        if not self._doubled and self._rollout.min_requests:
            self._doubled = True
            return None
        count = "1 request" if metrics.requests == 1 else f"{metrics.requests} requests"
        return Verdict(note=f"passed with {count}, fewer than min_requests ({self._rollout.min_requests})")

    def _exceeded(self, metrics: RevisionMetrics) -> str:
        """Return the first threshold of `abort_on` that the new revision exceeds."""
        latency = metrics.latency_seconds
        for signal in self._rollout.abort_on:
            if signal == "error_percent" and metrics.error_percent > self._alerts.error_percent:
                return f"error_percent {metrics.error_percent:.3g} > {self._alerts.error_percent:g}"
            limit = self._alerts.latency_p95_seconds
            if signal == "latency_p95_seconds" and latency is not None and latency > limit:
                return f"latency_p95_seconds {latency:.3g} > {limit:g}"
        return ""


def read_metrics(read: Callable[[], RevisionMetrics]) -> tuple[RevisionMetrics | None, str]:
    """Return the metrics, or None and the problem: a cloud that does not answer for a while does not end a rollout."""
    try:
        return read(), ""
    except DeploymentFailed as failure:
        return None, failure.problem
