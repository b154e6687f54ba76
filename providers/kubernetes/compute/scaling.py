"""Autoscaling of services by Kubernetes' own autoscaler, or by KEDA where the block names a Prometheus. Pure.

Utilization is in percent of the requests, which are the size of a replica. The largest answer of the metrics decides. Bounds:
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import Platform, Service
from providers.kubernetes.context import block_of

MAX_PERIOD_SECONDS = 1800
"""Longest period of a scaling policy."""
SCALE_OUT_PERCENT, SCALE_OUT_PODS = 100, 2
"""Replicas that one step adds at most: as many as there are, and at least two."""
WINDOW_SECONDS = 120
"""Window of the requests per replica that KEDA asks for."""


@dataclass(frozen=True)
class ReplicaScaling:
    """Bounds and behavior of an autoscaler."""

    cpu_percent: int
    memory_percent: int
    scale_out_period_seconds: int
    scale_in_window_seconds: int
    requests_query: str
    """PromQL of the requests per minute; empty without KEDA."""
    requests_per_replica: int


def is_scaled(service: Service) -> bool:
    """True when the number of replicas depends on load."""
    return service.replicas.max > service.replicas.min


def scaling_of(spec: Platform, name: str, title: str) -> ReplicaScaling:
    """Return the scaling of the service `name`, whose metrics have the job `title`."""
    service = spec.services[name]
    targets = service.autoscaling
    query = f'60 * sum(rate(http_server_request_duration_seconds_count{{job="{title}"}}[{WINDOW_SECONDS}s]))'
    return ReplicaScaling(
        cpu_percent=round(targets.cpu_percent),
        memory_percent=round(targets.memory_percent),
        scale_out_period_seconds=min(max(targets.scale_out_cooldown_seconds, 1), MAX_PERIOD_SECONDS),
        scale_in_window_seconds=targets.scale_in_cooldown_seconds,
        requests_query=query if by_requests(spec, service) else "",
        requests_per_replica=targets.requests_per_replica_per_minute,
    )


def by_requests(spec: Platform, service: Service) -> bool:
    """True when KEDA scales a service by its requests."""
    return block_of(spec).keda_prometheus_url is not None and service.path is not None


def scaling_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Targets below one percent, which the autoscaler cannot express."""
    for name, service in spec.services.items():
        for key in ("cpu_percent", "memory_percent"):
            value = getattr(service.autoscaling, key)
            if is_scaled(service) and round(value) < 1:
                problem = f"{value:g} % is rounded to 0, and the autoscaler takes whole percents from 1"
                yield Unsupported("kubernetes", f"services.{name}.autoscaling.{key}", problem, "use 1 or more")


def scaling_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Rounded targets, the cooldown after a scale-out, and requests without KEDA."""
    for name, service in spec.services.items():
        if is_scaled(service):
            yield from _rounded(name, service)
            yield from _cooldown(name, service)
            yield from _requests(spec, name, service)


def _rounded(name: str, service: Service) -> Iterator[Adjustment]:
    for key in ("cpu_percent", "memory_percent"):
        value = getattr(service.autoscaling, key)
        if value != round(value):
            reason = f"{round(value)} %; the autoscaler takes whole percents"
            yield Adjustment(f"services.{name}.autoscaling.{key}", value, Effect.ADJUSTED, reason)


def _cooldown(name: str, service: Service) -> Iterator[Adjustment]:
    asked = service.autoscaling.scale_out_cooldown_seconds
    seconds = min(max(asked, 1), MAX_PERIOD_SECONDS)
    bound = f" (the longest period is {MAX_PERIOD_SECONDS} seconds)" if asked > MAX_PERIOD_SECONDS else ""
    reason = (
        f"within {seconds} seconds{bound} at most as many replicas are added as there are, and at least {SCALE_OUT_PODS}; "
        "the first of them at once"
    )
    yield Adjustment(f"services.{name}.autoscaling.scale_out_cooldown_seconds", asked, Effect.ADJUSTED, reason)


def _requests(spec: Platform, name: str, service: Service) -> Iterator[Adjustment]:
    if service.path is None or by_requests(spec, service):
        return
    yield Adjustment(
        f"services.{name}.autoscaling.requests_per_replica_per_minute",
        requested=service.autoscaling.requests_per_replica_per_minute,
        effect=Effect.IGNORED,
        reason="CPU and memory alone decide: Kubernetes counts no requests without KEDA; kubernetes.keda_prometheus_url names "
        "the Prometheus that KEDA asks",
    )
