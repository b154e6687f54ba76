"""Container health checks of ECS: a command that runs inside the container. Pure.

ECS has no HTTP check; only a load balancer has. An application kind that is known to be Python requests its health path
with its own interpreter (images without curl are common), a service with `health.command` runs that, and a `custom`
service without a command is checked by the load balancer only, or not at all.
"""

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import Health, Platform, Service

PYTHON_APPS = ("agentos", "fastapi", "streamlit", "django")
"""Application kinds whose image contains `python`."""
MAX_TIMEOUT_SECONDS = 60
"""Amazon ECS API reference, `HealthCheck`: timeout 2 to 60; every other setting fits its range."""


def container_check(service: Service) -> tuple[str, ...]:
    """Command of the container's health check; empty for none."""
    if service.health.command:
        return service.health.command
    if service.app not in PYTHON_APPS or service.health.path is None:
        return ()
    url = f"http://127.0.0.1:{service.port}{service.health.path}"
    # urlopen raises, and python exits with 1, for every status above 399
    request = f"import urllib.request as r; r.urlopen({url!r}, timeout={service.health.timeout_seconds})"
    return ("CMD", "python", "-c", request)


def health_refusals(spec: Platform) -> list[Diagnostic]:
    """Check timeouts above the maximum of ECS."""
    return [
        Unsupported(
            "aws",
            f"services.{name}.health.timeout_seconds",
            problem=f"{service.health.timeout_seconds} s exceeds the maximum of a container health check",
            fix=f"use {MAX_TIMEOUT_SECONDS} or less",
        )
        for name, service in spec.services.items()
        if container_check(service) and service.health.timeout_seconds > MAX_TIMEOUT_SECONDS
    ]


def health_adjustments(spec: Platform) -> list[Adjustment]:
    """Health settings that only apply to the load balancer, or to nothing."""
    return [
        adjustment
        for name, service in spec.services.items()
        for adjustment in _service_adjustments(f"services.{name}.health", service)
    ]


def _service_adjustments(key: str, service: Service) -> list[Adjustment]:
    health, routed = service.health, service.path is not None
    if not container_check(service):
        return [_load_balancer_only(key) if routed else _no_check(key, health)]
    if routed:
        return []
    adjustments: list[Adjustment] = []
    if "healthy_threshold" in health.model_fields_set:
        reason = "1; ECS counts a container as healthy after its first successful check"
        adjustments.append(Adjustment(f"{key}.healthy_threshold", health.healthy_threshold, Effect.ADJUSTED, reason))
    if health.command and health.path is not None:
        reason = "no HTTP request is sent; health.command determines the health of a container"
        adjustments.append(Adjustment(f"{key}.path", health.path, Effect.IGNORED, reason))
    return adjustments


def _load_balancer_only(key: str) -> Adjustment:
    reason = "without a command the container has no health check; only the load balancer checks it"
    return Adjustment(f"{key}.command", requested=[], effect=Effect.PARTIAL, reason=reason)


def _no_check(key: str, health: Health) -> Adjustment:
    requested = health.model_dump(exclude_unset=True, mode="json")
    reason = "without a command ECS runs no health check; a replica counts as healthy while its process runs"
    return Adjustment(key, requested=requested, effect=Effect.IGNORED, reason=reason)
