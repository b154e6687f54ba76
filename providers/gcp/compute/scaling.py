"""Scaling of Cloud Run services, and number of replicas of worker pools, from the spec's targets. Pure.

A worker pool has a fixed number of replicas, the minimum of the spec.

Cloud Run scales on CPU and on concurrent requests, not on a request rate. A rate becomes concurrent requests by Little's
law: requests per second x seconds per request, which is the SLO's 95th percentile or, without an SLO, the threshold of
the latency alarm. Cloud Run adds a replica when replicas use a share of their maximum concurrency, so the maximum is the
number of concurrent requests divided by that share.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.load import requests_in_flight, seconds_per_request
from providers.contract.spec import Platform, Service

MIN_UTILIZATION, MAX_UTILIZATION = 0.1, 0.95
"""Bounds of both utilization targets: Cloud Run API, `RevisionScaling`."""
CONCURRENCY_UTILIZATION = 0.6
"""Target share of a replica's maximum concurrency; the default of Cloud Run, declared so that it does not change."""
DEFAULT_CONCURRENCY, MAX_CONCURRENCY = 80, 1000
"""Concurrent requests of a replica: Cloud Run documentation, "Set maximum concurrent requests per instance"."""
MAX_IDLE_SECONDS = 900
"""Maximum time that Cloud Run keeps an idle replica: Cloud Run documentation, "About instance autoscaling"."""


@dataclass(frozen=True)
class GcpScaling:
    """Replica bounds and targets of one service; targets are shares of 1, None when the number of replicas is fixed."""

    min_replicas: int
    max_replicas: int
    concurrency: int
    cpu_utilization: float | None
    concurrency_utilization: float | None

    @property
    def is_fixed(self) -> bool:
        """True when the number of replicas does not depend on load."""
        return self.min_replicas == self.max_replicas


def service_scaling(spec: Platform, service: Service) -> GcpScaling:
    """Scaling of a service or worker."""
    replicas = service.replicas
    if service.port is None:
        return GcpScaling(replicas.min, replicas.min, DEFAULT_CONCURRENCY, None, None)
    if replicas.min == replicas.max:
        return GcpScaling(replicas.min, replicas.max, DEFAULT_CONCURRENCY, None, None)
    return GcpScaling(
        min_replicas=replicas.min,
        max_replicas=replicas.max,
        concurrency=concurrency(spec, service),
        cpu_utilization=cpu_utilization(service),
        concurrency_utilization=CONCURRENCY_UTILIZATION,
    )


def cpu_utilization(service: Service) -> float:
    """CPU target as a share of 1, within the bounds of Cloud Run."""
    return min(max(round(service.autoscaling.cpu_percent / 100, 4), MIN_UTILIZATION), MAX_UTILIZATION)


def concurrency(spec: Platform, service: Service) -> int:
    """Maximum concurrent requests of a replica; the default of Cloud Run for a service without a path."""
    if service.path is None:
        return DEFAULT_CONCURRENCY
    return min(max(1, ceil(round(requests_in_flight(spec, service) / CONCURRENCY_UTILIZATION, 6))), MAX_CONCURRENCY)


def autoscaling_adjustments(spec: Platform) -> list[Adjustment]:
    """Report the computed concurrency, the targets that Cloud Run does not have, and the fixed number of workers."""
    return [
        adjustment
        for name, service in spec.services.items()
        if service.replicas.min != service.replicas.max
        for adjustment in (
            _worker_adjustments(name, service) if service.port is None else _target_adjustments(spec, name, service)
        )
    ]


def _worker_adjustments(name: str, service: Service) -> Iterator[Adjustment]:
    replicas, targets = service.replicas, service.autoscaling.model_dump(exclude_unset=True)
    reason = (
        f"{replicas.min} replicas at any load; a worker pool of Cloud Run has a fixed number. For more, set replicas.min "
        "and replicas.max to the number that the highest load needs"
    )
    requested = {"min": replicas.min, "max": replicas.max}
    yield Adjustment(f"services.{name}.replicas", requested=requested, effect=Effect.ADJUSTED, reason=reason)
    for target, value in targets.items():
        reason = "a worker pool of Cloud Run has a fixed number of replicas"
        yield Adjustment(f"services.{name}.autoscaling.{target}", requested=value, effect=Effect.IGNORED, reason=reason)


def _target_adjustments(spec: Platform, name: str, service: Service) -> Iterator[Adjustment]:
    key, targets = f"services.{name}.autoscaling", service.autoscaling.model_dump(exclude_unset=True)
    yield from _cpu_adjustments(f"{key}.cpu_percent", service)
    if service.path is not None:
        yield Adjustment(
            f"{key}.requests_per_replica_per_minute",
            requested=service.autoscaling.requests_per_replica_per_minute,
            effect=Effect.ADJUSTED,
            reason=_concurrency_reason(spec, service),
        )
    for target, reason in _ignored_targets(spec).items():
        if target in targets:
            yield Adjustment(f"{key}.{target}", requested=targets[target], effect=Effect.IGNORED, reason=reason)


def _cpu_adjustments(key: str, service: Service) -> Iterator[Adjustment]:
    requested, effective = service.autoscaling.cpu_percent, cpu_utilization(service) * 100
    if round(effective, 4) != requested:
        reason = f"{effective:g} %, the nearest target of Cloud Run"
        yield Adjustment(key, requested=requested, effect=Effect.ADJUSTED, reason=reason)


def _concurrency_reason(spec: Platform, service: Service) -> str:
    per_minute, seconds = service.autoscaling.requests_per_replica_per_minute, seconds_per_request(spec)
    limit = concurrency(spec, service)
    maximum = ", the maximum" if limit == MAX_CONCURRENCY else ""
    return (
        f"{limit} concurrent requests per replica{maximum}; {per_minute} / 60 requests per second x {seconds:g} s each "
        f"are {requests_in_flight(spec, service):.1f} in flight, and Cloud Run adds a replica at "
        f"{CONCURRENCY_UTILIZATION:.0%} of the limit"
    )


def _ignored_targets(spec: Platform) -> dict[str, str]:
    """Return targets that Cloud Run does not have, and its behavior instead."""
    memory_percent = spec.monitoring.alerts.memory_percent
    return {
        "memory_percent": f"Cloud Run does not scale on memory; an alarm fires above {memory_percent:g} %",
        "scale_out_cooldown_seconds": "Cloud Run adds replicas without a cooldown",
        "scale_in_cooldown_seconds": f"Cloud Run removes idle replicas after at most {MAX_IDLE_SECONDS} seconds",
    }
