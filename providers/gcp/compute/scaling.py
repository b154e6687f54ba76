"""Neutral targets -> Cloud Run's scaling of a service or worker pool. Pure.

Cloud Run scales on two things: CPU, and requests in flight. It knows no rate, so a rate becomes a number in flight by
Little's law: requests a second times the seconds that one takes. What one takes is the promise of the SLO, or the
alarm's threshold where there is none: an answer slower than that is a fault in any case.
It adds a copy when the copies are filled to a share of what each may hold, so each may hold more than it should serve:
the number in flight divided by that share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.load import requests_in_flight, seconds_per_request
from providers.contract.spec import Platform, Service

LEAST_UTILIZATION, MOST_UTILIZATION = 0.1, 0.95
"""Bounds of both utilisation targets: Cloud Run API, `RevisionScaling`."""
CONCURRENCY_UTILIZATION = 0.6
"""Share of a copy's requests in flight that scaling holds; Cloud Run's own default, stated so that it stays."""
WORKER_CPU_PERCENT = 60
"""Target of worker pools, which take no other here: Cloud Run, "Configure CPU autoscaling for worker pools"."""
DEFAULT_CONCURRENCY, MOST_CONCURRENCY = 80, 1000
"""Requests in flight on one copy: Cloud Run, "Set maximum concurrent requests per instance"."""
LONGEST_IDLE_SECONDS = 900
"""How long Cloud Run keeps an idle copy at most: Cloud Run, "About instance autoscaling"."""


@dataclass(frozen=True)
class GcpScaling:
    """Bounds and targets of one service; targets are shares of one, and None where the number of copies is fixed."""

    least: int
    most: int
    concurrency: int
    cpu_utilization: float | None
    concurrency_utilization: float | None

    @property
    def fixed(self) -> bool:
        """True when no load changes the number of copies."""
        return self.least == self.most


def scaling_of(spec: Platform, service: Service) -> GcpScaling:
    """How a service scales between its bounds."""
    least, most = service.replicas.min, service.replicas.max
    if least == most:
        return GcpScaling(least, most, DEFAULT_CONCURRENCY, None, None)
    return GcpScaling(least, most, concurrency(spec, service), cpu_utilization(service), CONCURRENCY_UTILIZATION)


def cpu_utilization(service: Service) -> float:
    """The CPU target as a share of one, within Cloud Run's bounds."""
    return min(max(round(service.autoscaling.cpu_percent / 100, 4), LEAST_UTILIZATION), MOST_UTILIZATION)


def concurrency(spec: Platform, service: Service) -> int:
    """Requests that one copy may hold at once; Cloud Run's default for services that no path leads to."""
    if service.path is None:
        return DEFAULT_CONCURRENCY
    return min(max(1, ceil(round(requests_in_flight(spec, service) / CONCURRENCY_UTILIZATION, 6))), MOST_CONCURRENCY)


def autoscaling_adjustments(spec: Platform) -> list[Adjustment]:
    """The arithmetic behind the targets, and the targets that Cloud Run does not know."""
    scaled = ((name, service) for name, service in spec.services.items() if not scaling_of(spec, service).fixed)
    return [found for name, service in scaled for found in _adjustments(spec, name, service)]


def _adjustments(spec: Platform, name: str, service: Service) -> Iterator[Adjustment]:
    path, asked = f"services.{name}.autoscaling", service.autoscaling.model_dump(exclude_unset=True)
    yield from _cpu(path, service)
    if service.path is not None:
        requests = service.autoscaling.requests_per_replica_per_minute
        yield legacy_adjustment(f"{path}.requests_per_replica_per_minute", requests, _reckoning(spec, service))
    for key, given in _unknown(spec).items():
        if key in asked:
            yield legacy_adjustment(f"{path}.{key}", asked[key], given)


def _cpu(path: str, service: Service) -> Iterator[Adjustment]:
    asked = service.autoscaling.cpu_percent
    given = WORKER_CPU_PERCENT if service.port is None else cpu_utilization(service) * 100
    if round(given, 4) != asked:
        why = "the target of every worker pool" if service.port is None else "the nearest that Cloud Run takes"
        yield legacy_adjustment(f"{path}.cpu_percent", asked, f"{given:g}, {why}")


def _reckoning(spec: Platform, service: Service) -> str:
    requests, seconds = service.autoscaling.requests_per_replica_per_minute, seconds_per_request(spec)
    held = concurrency(spec, service)
    most = ", the most there is" if held == MOST_CONCURRENCY else ""
    return (
        f"{held} requests at once{most}: {requests} / 60 a second x {seconds:g} s each are "
        f"{requests_in_flight(spec, service):.1f} in flight, and Cloud Run adds a copy at {CONCURRENCY_UTILIZATION:.0%} of what "
        "one may hold"
    )


def _unknown(spec: Platform) -> dict[str, str]:
    """Targets that Cloud Run has no notion of, and what happens instead."""
    memory = f"an alarm above {spec.monitoring.alerts.memory_percent:g} percent: Cloud Run does not scale on memory"
    return {
        "memory_percent": memory,
        "scale_out_cooldown_seconds": "0: Cloud Run adds copies as soon as it needs them",
        "scale_in_cooldown_seconds": f"up to {LONGEST_IDLE_SECONDS}: Cloud Run decides how long an idle copy stays",
    }
