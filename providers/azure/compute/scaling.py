"""Scaling targets as KEDA rules of Container Apps. Pure.

CPU and memory targets are percentages in both. KEDA counts concurrent requests instead of requests per minute, so the
rate is converted by Little's law with the latency of the SLO, or of the latency alarm without an SLO.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.load import requests_in_flight, seconds_per_request
from providers.contract.spec import Platform, Service

MAX_REPLICAS = 1000
"""Microsoft Learn, "Set scaling rules in Azure Container Apps", scale limits."""
POLLING_SECONDS = 30
STABILIZATION_SECONDS = 300
"""Fixed scale-in stabilization window: the same page, "Scale behavior"."""


@dataclass(frozen=True)
class AzureScaling:
    """Bounds and targets of one app; None for a target that is not used."""

    min_replicas: int
    max_replicas: int
    cpu_percent: int | None
    memory_percent: int | None
    concurrent_requests: int | None


def app_scaling(spec: Platform, service: Service) -> AzureScaling:
    """Return the bounds and targets of a service; no targets when the bounds are equal."""
    min_replicas, max_replicas = service.replicas.min, service.replicas.max
    if min_replicas == 0:
        return _scaled_to_zero(spec, service)
    if min_replicas == max_replicas:
        return AzureScaling(min_replicas, max_replicas, None, None, None)
    targets = service.autoscaling
    return AzureScaling(
        min_replicas=min_replicas,
        max_replicas=max_replicas,
        cpu_percent=integer_percent(targets.cpu_percent),
        memory_percent=integer_percent(targets.memory_percent),
        concurrent_requests=concurrent_requests(spec, service) if service.path is not None else None,
    )


def _scaled_to_zero(spec: Platform, service: Service) -> AzureScaling:
    """Return the bounds of a service without replicas, in a location that does not serve.

    An app may have one replica at least as its maximum. CPU and memory are no reason to start the first one; requests are, and
    a service without ingress has none.
    """
    if service.port is None:
        return AzureScaling(0, 1, None, None, None)
    requests = concurrent_requests(spec, service) if service.path is not None else None
    return AzureScaling(0, max(service.replicas.max, 1), None, None, requests)


def integer_percent(percent: float) -> int:
    """Round a target to an integer percentage of at least 1; KEDA accepts no fraction."""
    return max(1, round(percent))


def concurrent_requests(spec: Platform, service: Service) -> int:
    """Return the concurrent requests of one replica at its target rate; at least 1."""
    return max(1, ceil(round(requests_in_flight(spec, service), 6)))


def scaling_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """More replicas than an app can have."""
    return [
        Unsupported(
            "azure",
            f"services.{name}.replicas.max",
            problem=f"{service.replicas.max} is above the maximum number of replicas of an app",
            fix=f"use at most {MAX_REPLICAS}",
        )
        for name, service in spec.services.items()
        if service.replicas.max > MAX_REPLICAS
    ]


def scaling_adjustments(spec: Platform) -> list[Adjustment]:
    """Rounded and converted targets, and cooldowns that KEDA does not have."""
    return [
        adjustment
        for name, service in spec.services.items()
        if service.replicas.min < service.replicas.max
        for adjustment in _adjustments(spec, name, service)
    ]


def _adjustments(spec: Platform, name: str, service: Service) -> Iterator[Adjustment]:
    key, targets = f"services.{name}.autoscaling", service.autoscaling
    for target, percent in (("cpu_percent", targets.cpu_percent), ("memory_percent", targets.memory_percent)):
        if integer_percent(percent) != percent:
            reason = f"{integer_percent(percent)} %; KEDA accepts integer percentages only"
            yield Adjustment(f"{key}.{target}", percent, Effect.ADJUSTED, reason)
    if service.path is not None:
        rate, seconds = targets.requests_per_replica_per_minute, seconds_per_request(spec)
        reason = (
            f"{concurrent_requests(spec, service)} concurrent requests per replica: {rate} / 60 requests per second x "
            f"{seconds:g} s each = {requests_in_flight(spec, service):.1f} in flight"
        )
        yield Adjustment(f"{key}.requests_per_replica_per_minute", rate, Effect.ADJUSTED, reason)
    requested = targets.model_dump(exclude_unset=True)
    for target, (effect, reason) in COOLDOWNS.items():
        if target in requested:
            yield Adjustment(f"{key}.{target}", requested[target], effect, reason)


COOLDOWNS = {
    "scale_out_cooldown_seconds": (
        Effect.IGNORED,
        f"replicas are added at each evaluation of the rules, every {POLLING_SECONDS} s, without a cooldown",
    ),
    "scale_in_cooldown_seconds": (
        Effect.PARTIAL,
        f"{STABILIZATION_SECONDS} s, the fixed stabilization window of Container Apps; the cooldown applies only to "
        "scaling to zero",
    ),
}
"""Effect of each cooldown setting, and the reason."""
