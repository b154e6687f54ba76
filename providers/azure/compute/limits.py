"""What the services' spec asks that Container Apps cannot do, or does in its own way. Pure."""

from collections.abc import Iterator

from providers.azure.compute.health import probe_adjustments, probe_refusals
from providers.azure.compute.sizes import app_size_refusals
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform

RESERVED_PREFIX = "CONTAINER_APP_"
"""Variables that Container Apps sets itself: Microsoft Learn, "Manage environment variables on Azure Container Apps"."""


def listens(spec: Platform, name: str) -> bool:
    """True when a service has a way in: it is routed, or called by another."""
    service = spec.services[name]
    return service.port is not None and (service.path is not None or bool(spec.callers_of(name)))


def compute_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes, probes and variables that Container Apps does not take, and metrics that find no way out."""
    return [
        *app_size_refusals(spec, _stack),
        *probe_refusals(spec, _stack),
        *_reserved(spec),
        *_collector_out_of_reach(spec),
    ]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Checks and calls that Container Apps honours in its own way, and workers that show no metrics."""
    return [*probe_adjustments(spec), *_calls(spec), *_unscraped(spec)]


def _reserved(spec: Platform) -> Iterator[Diagnostic]:
    advice = f"Container Apps sets variables that begin with {RESERVED_PREFIX}; choose another name"
    for name, service in spec.services.items():
        places = {key: f"environment.{key}" for key in service.environment} | dict.fromkeys(service.secrets, "secrets")
        for variable, place in places.items():
            if variable.startswith(RESERVED_PREFIX):
                yield legacy_unsupported("azure", f"services.{name}.{place}", variable, advice)


def _collector_out_of_reach(spec: Platform) -> Iterator[Diagnostic]:
    if spec.monitoring.prometheus and spec.network.egress == "none":
        advice = (
            "the collector beside each service comes from a public registry, which cannot be reached without egress; "
            "set network.egress to per_zone or single, or use false"
        )
        yield legacy_unsupported("azure", "monitoring.prometheus", True, advice)


def _calls(spec: Platform) -> Iterator[Adjustment]:
    """Container Apps has no rule from app to app: an address inside the environment answers every app there."""
    for name, service in spec.services.items():
        if service.calls:
            given = (
                f"addresses that all {len(spec.services)} services could reach inside the environment, which tells no "
                "caller from another; services that nobody calls have no address at all"
            )
            yield legacy_adjustment(f"services.{name}.calls", list(service.calls), given)


def _unscraped(spec: Platform) -> Iterator[Adjustment]:
    workers = [name for name, service in spec.services.items() if service.port is None]
    if spec.monitoring.prometheus and workers:
        given = f"metrics of the services with a port; nothing can be asked of {', '.join(workers)}"
        yield legacy_adjustment("monitoring.prometheus", True, given)
