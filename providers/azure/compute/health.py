"""Health checks as the three probes of Container Apps, and the time to end a replica. Pure.

The startup probe waits for the start period, the readiness probe removes a replica from traffic, the liveness probe
restarts a replica that stays unhealthy for twice as long. No probe runs a command, and a worker has no probe because it
has no port.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

from providers.azure.entry.limits import response_timeout_seconds
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import Health, Platform, Service

MAX_PERIOD_SECONDS = 240
MAX_FAILURES = 10
"""Bounds of a probe: Container Apps API, `ContainerAppProbe` (timeoutSeconds has the same as periodSeconds)."""


MIN_GRACE_SECONDS = 60
"""Twice Azure's default; the maximum of 600 is above Front Door's longest response timeout."""


@dataclass(frozen=True)
class AzureProbe:
    """Period and timeout of a probe, and the consecutive results that change a replica's state."""

    type: Literal["Startup", "Readiness", "Liveness"]
    period_seconds: int
    timeout_seconds: int
    failures: int
    successes: int = 1


def probes(health: Health) -> tuple[AzureProbe, ...]:
    """Return the probes of a service with a port."""
    return startup_probe(health), readiness_probe(health), liveness_probe(health)


def grace_seconds(spec: Platform, service: Service) -> int:
    """Return the seconds between SIGTERM and SIGKILL: a response of a routed service may stream as long as the entry waits."""
    return MIN_GRACE_SECONDS if service.path is None else max(MIN_GRACE_SECONDS, response_timeout_seconds(spec))


def startup_probe(health: Health) -> AzureProbe:
    """Return the probe that covers the start period and the failures after it with at most ten checks."""
    startup_seconds = health.max_startup_seconds
    period_seconds = min(MAX_PERIOD_SECONDS, max(ceil(startup_seconds / MAX_FAILURES), health.timeout_seconds))
    failures = min(MAX_FAILURES, ceil(startup_seconds / period_seconds))
    return AzureProbe("Startup", period_seconds, health.timeout_seconds, failures)


def readiness_probe(health: Health) -> AzureProbe:
    """Return the probe that removes a replica from traffic and adds it again."""
    return AzureProbe(
        "Readiness",
        health.interval_seconds,
        health.timeout_seconds,
        health.unhealthy_threshold,
        health.healthy_threshold,
    )


def liveness_probe(health: Health) -> AzureProbe:
    """Return the probe that restarts a replica that stays unhealthy."""
    failures = min(MAX_FAILURES, health.restart_threshold)
    return AzureProbe("Liveness", health.interval_seconds, health.timeout_seconds, failures)


def probe_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Intervals above the maximum period of a probe."""
    return [
        Unsupported(
            "azure",
            f"services.{name}.health.interval_seconds",
            problem=f"{service.health.interval_seconds} s is above the maximum period of a probe",
            fix=f"use at most {MAX_PERIOD_SECONDS}",
        )
        for name, service in spec.services.items()
        if service.health.interval_seconds > MAX_PERIOD_SECONDS
    ]


def probe_adjustments(spec: Platform) -> list[Adjustment]:
    """Health settings that no probe can express."""
    return [adjustment for name, service in spec.services.items() for adjustment in _adjustments(name, service)]


def _adjustments(name: str, service: Service) -> Iterator[Adjustment]:
    key, health = f"services.{name}.health", service.health
    if health.command:
        reason = "Container Apps runs no command health check; it restarts a container whose process ends"
        yield Adjustment(f"{key}.command", list(health.command), Effect.IGNORED, reason)
    requested = health.model_dump(exclude_unset=True, exclude={"command"}, mode="json")
    if service.port is None and requested:
        yield Adjustment(key, requested, Effect.IGNORED, "Container Apps has no probes for a service without a port")
    elif service.port is not None and health.path is None:
        reason = f"TCP connection to port {service.port} instead of an HTTP request, because no path is set"
        yield Adjustment(key, requested, Effect.ADJUSTED, reason)
    max_seconds = MAX_PERIOD_SECONDS * MAX_FAILURES
    if service.port is not None and health.max_startup_seconds > max_seconds:
        reason = f"{max_seconds} s until a starting replica is restarted, the maximum of a startup probe"
        yield Adjustment(f"{key}.start_period_seconds", health.start_period_seconds, Effect.ADJUSTED, reason)
