"""Progress of rollouts as text and JSON: share of requests, requests, errors, latency and the time left."""

from collections.abc import Mapping

from automation.cli.formats import duration
from automation.deploy.results import Clock
from automation.plan.inventory import Value
from automation.rollout.driver import RolloutProgress
from automation.rollout.record import RolloutRecord
from providers.contract.spec import Rollout

LINE_SECONDS = 60.0
"""Time between two lines of the same step where the output is no terminal."""


def progress_line(progress: RolloutProgress) -> str:
    """Return `gateway   10 %  312 requests  errors 0.3 %  latency 0.21 s  5 min 50 s left`."""
    head = f"{progress.service}  {progress.percent:>3} %"
    bake = progress.bake
    if bake is None:
        return f"{head}  {progress.text}"
    parts = [head, *([progress.text] if progress.text else [])]
    if bake.metrics is None:
        parts.append(f"the metrics cannot be read: {bake.problem}")
    else:
        latency = bake.metrics.latency_seconds
        parts.append(f"{bake.metrics.requests} requests")
        parts.append(f"errors {bake.metrics.error_percent:.3g} %")
        parts += [f"latency {latency:.3g} s"] if latency is not None else []
    parts.append(f"{duration(max(0.0, bake.total_seconds - bake.elapsed_seconds))} left")
    return "  ".join(parts)


def progress_json(progress: RolloutProgress) -> Mapping[str, Value]:
    """Return one event of a rollout."""
    document: dict[str, Value] = {
        "event": "rollout", "service": progress.service, "percent": progress.percent, "text": progress.text,
    }  # fmt: skip
    bake = progress.bake
    if bake is not None:
        document |= {"elapsedSeconds": round(bake.elapsed_seconds, 1), "totalSeconds": bake.total_seconds}
        metrics = bake.metrics
        if metrics is None:
            document["problem"] = bake.problem
        else:
            document |= {
                "requests": metrics.requests,
                "errorPercent": round(metrics.error_percent, 3),
                "latencySeconds": metrics.latency_seconds,
            }
    return document


def record_line(service: str, record: RolloutRecord, rollout: Rollout, request: str | None) -> str:
    """Return the state of a rollout, such as `gateway  stepping  10 %  gateway@sha256:...  since 2026-11-27T10:00:00`."""
    state = f"{record.phase} ({request} requested)" if request else record.phase
    reason = [record.reason] if record.reason else []
    position = record.position(rollout)
    percent = 100 if position is None else position.percent  # the new revision is the only one
    parts = [service, state, f"{percent} %", record.image, f"since {record.since}", *reason]
    return "  ".join(parts)


class RolloutLines:
    """Lines of rollouts for output that is no terminal: every new text, and the metrics once a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._printed: tuple[str, int, str] | None = None
        self._seconds = 0.0

    def take(self, progress: RolloutProgress) -> None:
        """Print a progress that is new, or whose last line is a minute old."""
        key, now = (progress.service, progress.percent, progress.text), self._clock.seconds()
        if progress.bake is not None and key == self._printed and now - self._seconds < LINE_SECONDS:
            return
        print(progress_line(progress), flush=True)
        self._printed, self._seconds = key, now
