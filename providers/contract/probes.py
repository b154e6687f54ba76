"""Probe timings that follow from the health check of a service on every cloud with startup and liveness probes. Pure."""

from providers.contract.spec import Health

PATIENCE = 2
"""A replica is restarted after this many times the failures that take it out of service, so that a short pause does not restart it."""


def patience_seconds(health: Health) -> int:
    """Seconds that a replica may take to start: the grace period and the failed checks after it."""
    return health.start_period_seconds + health.interval_seconds * health.unhealthy_threshold
