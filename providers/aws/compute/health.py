"""How a container proves its health to ECS: a command run inside it. Pure.

ECS has no HTTP check of its own; only a load balancer has. So an application kind that is known to be Python asks itself
over HTTP with its own interpreter (images without curl are common), a service with `health.command` runs that, and a
`custom` service without one is judged by the load balancer alone, or by nothing but whether its process runs.
"""

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform, Service

PYTHON_APPS = ("agentos", "fastapi", "streamlit", "django")
"""Kinds whose image holds a `python`."""
LONGEST_TIMEOUT_SECONDS = 60
"""Amazon ECS API reference, `HealthCheck`: timeout 2 to 60; the other numbers of the spec fit as they are."""


def container_check(service: Service) -> tuple[str, ...]:
    """Command of the container's health check; empty for none."""
    if service.health.command:
        return service.health.command
    if service.app not in PYTHON_APPS or service.health.path is None:
        return ()
    url = f"http://127.0.0.1:{service.port}{service.health.path}"
    # urlopen raises, and python exits with 1, for every answer above 399
    ask = f"import urllib.request as r; r.urlopen({url!r}, timeout={service.health.timeout_seconds})"
    return ("CMD", "python", "-c", ask)


def health_refusals(spec: Platform) -> list[Diagnostic]:
    """Checks that ECS cannot wait for."""
    return [
        legacy_unsupported(
            "aws",
            f"services.{name}.health.timeout_seconds",
            service.health.timeout_seconds,
            f"the check of a container ends after {LONGEST_TIMEOUT_SECONDS} seconds; use {LONGEST_TIMEOUT_SECONDS} or less",
        )
        for name, service in spec.services.items()
        if container_check(service) and service.health.timeout_seconds > LONGEST_TIMEOUT_SECONDS
    ]


def health_adjustments(spec: Platform) -> list[Adjustment]:
    """Health settings that reach the load balancer only, or nothing."""
    return [note for name, service in spec.services.items() for note in _notes(f"services.{name}.health", service)]


def _notes(path: str, service: Service) -> list[Adjustment]:
    health, routed = service.health, service.path is not None
    if not container_check(service) and routed:
        return [legacy_adjustment(f"{path}.command", [], "the load balancer's check alone")]
    if not container_check(service):
        asked = health.model_dump(exclude_unset=True, mode="json")
        return [legacy_adjustment(path, asked, "no check: a copy counts as healthy while it runs")]
    if routed:
        return []
    notes: list[Adjustment] = []
    if "healthy_threshold" in health.model_fields_set:
        trusted = "1: ECS trusts the first good check"
        notes.append(legacy_adjustment(f"{path}.healthy_threshold", health.healthy_threshold, trusted))
    if health.command and health.path is not None:
        notes.append(legacy_adjustment(f"{path}.path", health.path, "no request: `health.command` decides"))
    return notes
