"""Probes and stop of a service's replicas in Kubernetes' terms. Pure.

The startup probe holds the other two back until a replica has answered, so a slow start is no restart. Readiness removes a
replica from its Service; liveness restarts it after twice as many failures, so a pause restarts nothing.
"""

from dataclasses import dataclass
from math import ceil

from providers.contract.spec import Platform, Service

STARTUP_SECONDS = 5
"""Longest period of the startup probe, so that a replica that has started serves soon."""
PRE_STOP_SECONDS = 15
"""Time that a replica which ends still serves, in which proxies and gateways learn that it is no endpoint any more: both are
informed at the same time as the process (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)."""
PROGRESS_SECONDS = 300
"""Time beyond that of a start, for scheduling and for pulling the image."""
SURGE_PERCENT = 25
MIN_READY_SECONDS = 10


@dataclass(frozen=True)
class ReplicaProbe:
    """Probe: an HTTP path, a command, or the port where both are None."""

    path: str | None
    command: tuple[str, ...]
    period_seconds: int
    timeout_seconds: int
    success_threshold: int
    failure_threshold: int


def has_probe(service: Service) -> bool:
    """True for a service whose health can be checked: by its command, or at its port."""
    return bool(service.health.command) or service.port is not None


def startup_probe(service: Service) -> ReplicaProbe:
    """Probe of the start, which may take `health.max_startup_seconds`."""
    health = service.health
    period = min(STARTUP_SECONDS, health.interval_seconds)
    return _probe(service, period, 1, ceil(health.max_startup_seconds / period))


def readiness_probe(service: Service) -> ReplicaProbe:
    """Probe that decides whether a replica receives requests."""
    health = service.health
    return _probe(service, health.interval_seconds, health.healthy_threshold, health.unhealthy_threshold)


def liveness_probe(service: Service) -> ReplicaProbe:
    """Probe that decides whether a container is restarted."""
    health = service.health
    return _probe(service, health.interval_seconds, 1, health.restart_threshold)


def _probe(service: Service, period: int, successes: int, failures: int) -> ReplicaProbe:
    health = service.health
    command = command_of(health.command)
    return ReplicaProbe(
        path=None if command else health.path,
        command=command,
        period_seconds=period,
        timeout_seconds=health.timeout_seconds,
        success_threshold=successes,
        failure_threshold=failures,
    )


def command_of(written: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command of a probe without the first word of Docker's notation."""
    if written[:1] == ("CMD-SHELL",):
        return ("/bin/sh", "-c", *written[1:])
    return written[1:] if written[:1] == ("CMD",) else written


def grace_seconds(spec: Platform) -> int:
    """Seconds from the request to end until a replica is killed: the pause before, and the longest silence of a stream."""
    return PRE_STOP_SECONDS + spec.ingress.idle_timeout_seconds


def progress_seconds(service: Service) -> int:
    """Seconds after which a rollout that makes no progress has failed; the old replicas keep serving."""
    return service.health.max_startup_seconds + PROGRESS_SECONDS


def update_seconds(service: Service) -> int:
    """Seconds that an update waits for a rollout: one wave of replicas for each part of the surge, and one more."""
    return progress_seconds(service) * (100 // SURGE_PERCENT + 1)
