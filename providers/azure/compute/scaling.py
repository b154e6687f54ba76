"""Neutral targets -> the rules by which Container Apps scales an app. Pure.

CPU and memory are percentages here as there. Requests are counted in flight, not a minute, so a rate becomes a number in
flight by Little's law: requests a second times the seconds that one takes. What one takes is the promise of the SLO, or
the alarm's threshold where there is none: an answer slower than that is a fault in any case.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.load import requests_in_flight, seconds_per_request
from providers.contract.spec import Platform, Service

MOST_REPLICAS = 1000
"""Microsoft Learn, "Set scaling rules in Azure Container Apps", scale limits."""
POLLING_SECONDS = 30
SETTLING_SECONDS = 300
"""Copies go when they were not needed for so long, whatever is asked: the same page, "Scale behavior"."""


@dataclass(frozen=True)
class AzureScaling:
    """Bounds and targets of one app; a target is None where nothing scales on it."""

    least: int
    most: int
    cpu_percent: int | None
    memory_percent: int | None
    concurrent_requests: int | None


def scaling_of(spec: Platform, service: Service) -> AzureScaling:
    """How a service scales between its bounds; no targets where these are equal."""
    least, most = service.replicas.min, service.replicas.max
    if least == most:
        return AzureScaling(least, most, None, None, None)
    wanted = service.autoscaling
    requests = concurrent_requests(spec, service) if service.path is not None else None
    return AzureScaling(least, most, whole(wanted.cpu_percent), whole(wanted.memory_percent), requests)


def whole(percent: float) -> int:
    """A target in whole percent, at least one: KEDA takes no fraction."""
    return max(1, round(percent))


def concurrent_requests(spec: Platform, service: Service) -> int:
    """Requests in flight on one copy when it serves its requests a minute; at least one."""
    return max(1, ceil(round(requests_in_flight(spec, service), 6)))


def autoscaling_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """More copies than an app may have."""
    advice = f"an app runs at most {MOST_REPLICAS} copies; use that or less"
    return [
        legacy_unsupported("azure", f"services.{name}.replicas.max", service.replicas.max, advice)
        for name, service in spec.services.items()
        if service.replicas.max > MOST_REPLICAS
    ]


def autoscaling_adjustments(spec: Platform) -> list[Adjustment]:
    """The arithmetic behind the targets, and the pauses that KEDA does not know."""
    scaled = [(name, each) for name, each in spec.services.items() if each.replicas.min < each.replicas.max]
    return [found for name, service in scaled for found in _adjustments(spec, name, service)]


def _adjustments(spec: Platform, name: str, service: Service) -> Iterator[Adjustment]:
    path, wanted = f"services.{name}.autoscaling", service.autoscaling
    for key, percent in (("cpu_percent", wanted.cpu_percent), ("memory_percent", wanted.memory_percent)):
        if whole(percent) != percent:
            yield legacy_adjustment(f"{path}.{key}", percent, f"{whole(percent)}: a target is a whole percent")
    if service.path is not None:
        requests = wanted.requests_per_replica_per_minute
        yield legacy_adjustment(f"{path}.requests_per_replica_per_minute", requests, _reckoning(spec, service))
    asked = wanted.model_dump(exclude_unset=True)
    for key, given in PAUSES.items():
        if key in asked:
            yield legacy_adjustment(f"{path}.{key}", asked[key], given)


PAUSES = {
    "scale_out_cooldown_seconds": (
        f"0: copies are added at once when a rule asks for them, and rules are asked every {POLLING_SECONDS} seconds"
    ),
    "scale_in_cooldown_seconds": (
        f"{SETTLING_SECONDS}: Container Apps takes copies away when they were not needed for so long; the key sets its "
        "cooldown period, which counts for the last copy alone"
    ),
}


def _reckoning(spec: Platform, service: Service) -> str:
    requests, seconds = service.autoscaling.requests_per_replica_per_minute, seconds_per_request(spec)
    return (
        f"{concurrent_requests(spec, service)} requests at once: {requests} / 60 a second x {seconds:g} s each are "
        f"{requests_in_flight(spec, service):.1f} in flight on one copy"
    )
