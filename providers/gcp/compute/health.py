"""A service's health numbers as Cloud Run's probes. Pure.

Where other clouds ask one question, Cloud Run asks three: has the copy started, may it receive requests, must it be
restarted. One set of numbers answers all: a copy is taken out of traffic after `unhealthy_threshold` failures in a
row and restarted after twice as many, so that one that only needs a pause is not killed for it.

Probes speak HTTP or open a port; no command is run inside a container. A worker has no port, so nothing is asked of
it: a worker that ends is started again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.probes import PATIENCE, patience_seconds
from providers.contract.spec import Health, Platform, Service

STARTUP_PERIOD_SECONDS = 10
LONGEST_STARTUP_SECONDS = 240
"""period x failures of a startup probe: Cloud Run, "Configure container health checks"."""


@dataclass(frozen=True)
class GcpProbe:
    """How often is asked, how long an answer may take, and how many answers in a row decide."""

    period_seconds: int
    timeout_seconds: int
    failures: int
    successes: int = 1


def startup_probe(health: Health) -> GcpProbe:
    """Asks often, and waits as long as other clouds do: the grace after start, and the failures that follow it."""
    timeout = health.timeout_seconds
    period = max(STARTUP_PERIOD_SECONDS, timeout + 1)
    return GcpProbe(period, timeout, max(1, min(patience_seconds(health), LONGEST_STARTUP_SECONDS) // period))


def readiness_probe(health: Health) -> GcpProbe:
    """Takes a copy out of traffic, and back in."""
    return GcpProbe(
        health.interval_seconds, health.timeout_seconds, health.unhealthy_threshold, health.healthy_threshold
    )


def liveness_probe(health: Health) -> GcpProbe:
    """Restarts a copy that stays unhealthy."""
    return GcpProbe(health.interval_seconds, health.timeout_seconds, PATIENCE * health.unhealthy_threshold)


def probe_adjustments(spec: Platform) -> list[Adjustment]:
    """Health settings that no probe can carry."""
    return [found for name, service in spec.services.items() for found in _adjustments(name, service)]


def _adjustments(name: str, service: Service) -> Iterator[Adjustment]:
    path, health = f"services.{name}.health", service.health
    if health.command:
        given = "nothing: Cloud Run runs no command in a container, and starts one again when its process ends"
        yield legacy_adjustment(f"{path}.command", list(health.command), given)
    asked = health.model_dump(exclude_unset=True, exclude={"command"}, mode="json")
    if service.port is None and asked:
        yield legacy_adjustment(path, asked, "nothing: Cloud Run asks nothing of a worker")
    elif service.port is not None and health.path is None:
        given = f"a connection to port {service.port} at the start, and no question later: no path is named"
        yield legacy_adjustment(path, asked, given)
    elif patience_seconds(health) > LONGEST_STARTUP_SECONDS:
        given = (
            f"{LONGEST_STARTUP_SECONDS} seconds in all to start, the longest that Cloud Run waits, "
            f"where grace and {health.unhealthy_threshold} failures would make {patience_seconds(health)}"
        )
        yield legacy_adjustment(f"{path}.start_period_seconds", health.start_period_seconds, given)
