"""Health checks as Container Apps' three probes. Pure.

The startup probe gives a copy its grace, the readiness probe takes it out of traffic, the liveness probe restarts it
when it stays unhealthy for twice as long. No probe runs a command, and a worker, which listens nowhere, is asked nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Literal

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.probes import PATIENCE, patience_seconds
from providers.contract.spec import Health, Platform, Service

LONGEST_PERIOD_SECONDS = 240
MOST_FAILURES = 10
"""Bounds of a probe: Container Apps API, `ContainerAppProbe` (timeoutSeconds has the same as periodSeconds)."""


@dataclass(frozen=True)
class AzureProbe:
    """How often is asked, how long an answer may take, and how many answers in a row decide."""

    type: Literal["Startup", "Readiness", "Liveness"]
    period_seconds: int
    timeout_seconds: int
    failures: int
    successes: int = 1


def probes(health: Health) -> tuple[AzureProbe, ...]:
    """The probes of a service with a port."""
    return startup_probe(health), readiness_probe(health), liveness_probe(health)


def startup_probe(health: Health) -> AzureProbe:
    """Waits for the grace after start and the failures that follow it: ten questions over all of that."""
    period = min(LONGEST_PERIOD_SECONDS, max(ceil(patience_seconds(health) / MOST_FAILURES), health.timeout_seconds))
    return AzureProbe(
        "Startup", period, health.timeout_seconds, min(MOST_FAILURES, ceil(patience_seconds(health) / period))
    )


def readiness_probe(health: Health) -> AzureProbe:
    """Takes a copy out of traffic, and back in."""
    return AzureProbe(
        "Readiness",
        health.interval_seconds,
        health.timeout_seconds,
        health.unhealthy_threshold,
        health.healthy_threshold,
    )


def liveness_probe(health: Health) -> AzureProbe:
    """Restarts a copy that stays unhealthy."""
    failures = min(MOST_FAILURES, PATIENCE * health.unhealthy_threshold)
    return AzureProbe("Liveness", health.interval_seconds, health.timeout_seconds, failures)


def probe_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Intervals longer than a probe's period may be."""
    advice = f"a probe of Container Apps asks at least every {LONGEST_PERIOD_SECONDS} seconds; use that or less"
    return [
        legacy_unsupported("azure", f"services.{name}.health.interval_seconds", service.health.interval_seconds, advice)
        for name, service in spec.services.items()
        if service.health.interval_seconds > LONGEST_PERIOD_SECONDS
    ]


def probe_adjustments(spec: Platform) -> list[Adjustment]:
    """Health settings that no probe can carry."""
    return [found for name, service in spec.services.items() for found in _adjustments(name, service)]


def _adjustments(name: str, service: Service) -> Iterator[Adjustment]:
    path, health = f"services.{name}.health", service.health
    if health.command:
        given = "nothing: Container Apps runs no command in a container, and starts one again when its process ends"
        yield legacy_adjustment(f"{path}.command", list(health.command), given)
    asked = health.model_dump(exclude_unset=True, exclude={"command"}, mode="json")
    if service.port is None and asked:
        yield legacy_adjustment(path, asked, "nothing: Container Apps asks nothing of a worker")
    elif service.port is not None and health.path is None:
        yield legacy_adjustment(
            path, asked, f"a connection to port {service.port} in place of a request: no path is named"
        )
    longest = LONGEST_PERIOD_SECONDS * MOST_FAILURES
    if service.port is not None and patience_seconds(health) > longest:
        yield legacy_adjustment(
            f"{path}.start_period_seconds", health.start_period_seconds, f"{longest} seconds in all"
        )
