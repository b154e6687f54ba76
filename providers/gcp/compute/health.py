"""Startup, readiness and liveness probes from a service's health settings. Pure.

Cloud Run has three probes where other clouds have one health check. One set of numbers configures all of them: a replica
is removed from traffic after `unhealthy_threshold` failures in a row and restarted after twice as many, so that a short
pause does not restart it.

Probes use HTTP or open a TCP connection; no command is run in a container. A worker has no port and no probe; Cloud Run
restarts a worker that exits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.spec import Health, Platform, Service

STARTUP_PERIOD_SECONDS = 10
MAX_STARTUP_SECONDS = 240
"""Maximum of period x failure threshold of a startup probe: Cloud Run documentation, "Configure container health
checks"."""


@dataclass(frozen=True)
class GcpProbe:
    """Period, timeout and thresholds of one probe."""

    period_seconds: int
    timeout_seconds: int
    failures: int
    successes: int = 1


def startup_probe(health: Health) -> GcpProbe:
    """Probe with a short period that allows the start period and the failures that follow it, as on other clouds."""
    timeout = health.timeout_seconds
    period = max(STARTUP_PERIOD_SECONDS, timeout + 1)
    return GcpProbe(period, timeout, max(1, min(health.max_startup_seconds, MAX_STARTUP_SECONDS) // period))


def readiness_probe(health: Health) -> GcpProbe:
    """Probe that removes a replica from traffic and adds it again."""
    return GcpProbe(
        health.interval_seconds, health.timeout_seconds, health.unhealthy_threshold, health.healthy_threshold
    )


def liveness_probe(health: Health) -> GcpProbe:
    """Probe that restarts a replica that stays unhealthy."""
    return GcpProbe(health.interval_seconds, health.timeout_seconds, health.restart_threshold)


def probe_adjustments(spec: Platform) -> list[Adjustment]:
    """Report health settings that no probe applies."""
    return [adjustment for name, service in spec.services.items() for adjustment in _health_adjustments(name, service)]


def _health_adjustments(name: str, service: Service) -> Iterator[Adjustment]:
    key, health = f"services.{name}.health", service.health
    if health.command:
        reason = "Cloud Run runs no health check commands; it restarts a container whose process exits"
        yield Adjustment(f"{key}.command", requested=list(health.command), effect=Effect.IGNORED, reason=reason)
    settings = health.model_dump(exclude_unset=True, exclude={"command"}, mode="json")
    if service.port is None and settings:
        reason = "Cloud Run has no health checks for workers"
        yield Adjustment(key, requested=settings, effect=Effect.IGNORED, reason=reason)
    elif service.port is not None and health.path is None:
        reason = f"a TCP check of port {service.port} at startup only; health.path is not set"
        yield Adjustment(key, requested=settings, effect=Effect.PARTIAL, reason=reason)
    elif health.max_startup_seconds > MAX_STARTUP_SECONDS:
        reason = (
            f"a replica has {MAX_STARTUP_SECONDS} seconds to start, the maximum of Cloud Run; the start period and "
            f"{health.unhealthy_threshold} failures would be {health.max_startup_seconds} seconds"
        )
        key = f"{key}.start_period_seconds"
        yield Adjustment(key, requested=health.start_period_seconds, effect=Effect.ADJUSTED, reason=reason)
