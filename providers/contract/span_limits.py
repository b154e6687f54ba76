"""Refusals and adjustments of `monitoring.tracing` that several clouds share. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Effect, Unsupported
from providers.contract.scrape_endpoints import scrape_endpoint
from providers.contract.spans import HTTP_PORT
from providers.contract.spec import Platform


def sidecar_port_refusals(spec: Platform, cloud: str) -> Iterator[Unsupported]:
    """Refuse the port of the collector for a service, where the containers of a replica share one network."""
    if spec.monitoring.tracing is None:
        return
    for name, service in spec.services.items():
        endpoint = scrape_endpoint(service)
        keys = {"port": service.port, "metrics.port": endpoint.port if endpoint else None}
        for key in [key for key, port in keys.items() if port == HTTP_PORT][:1]:
            problem = f"{HTTP_PORT} is the port of the collector beside the service, which receives its spans"
            yield Unsupported(
                cloud, f"services.{name}.{key}", problem, "use another port, or remove monitoring.tracing"
            )


def fixed_retention(spec: Platform, store: str, days: int) -> Iterator[Adjustment]:
    """Report another retention than the fixed one of a cloud's store of traces."""
    tracing = spec.monitoring.tracing
    if tracing is not None and tracing.retention_days != days:
        reason = f"{store} keeps traces for {days} days, which no setting changes"
        yield Adjustment("monitoring.tracing.retention_days", tracing.retention_days, Effect.IGNORED, reason)


def untraced_runs(spec: Platform) -> Iterator[Adjustment]:
    """Report that runs of jobs and release commands, which no collector accompanies, send no spans."""
    tracing = spec.monitoring.tracing
    if tracing is not None and (spec.jobs or spec.releases):
        reason = "runs of jobs and release commands have no receiver of spans, so OpenTelemetry is off in them"
        yield Adjustment("monitoring.tracing", tracing.model_dump(), Effect.PARTIAL, reason)
