"""Service settings that ECS on Fargate refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.aws.compute.calls import call_refusals, connected
from providers.aws.compute.health import health_adjustments, health_refusals
from providers.aws.compute.sizes import fargate, fits_fargate
from providers.aws.network.flows import has_collector
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.prometheus import scrape_endpoint, unscraped_reason
from providers.contract.span_limits import sidecar_port_refusals
from providers.contract.spec import Platform, Service

FIRST_UNPRIVILEGED_PORT = 1024
"""Lowest port that an unprivileged process may open on Linux; containers run without root."""
COLLECTOR_MEMORY_MIB = 256
"""Memory limit of the metrics collector; above it the collector is stopped and the service continues."""
PROXY_MEMORY_MIB = 64
"""Minimum memory of the Service Connect proxy: Amazon ECS developer guide, "Service Connect"."""
TMP_DIVISOR = 4
"""Divisor of the task's memory for the size of /tmp."""


def tmp_mib(service: Service) -> int:
    """Return the size of /tmp, which is in the task's memory."""
    return fargate(service.size).memory_mib // TMP_DIVISOR


def compute_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Ports, health checks, calls and metrics collection that Fargate cannot provide."""
    return [
        *_port_refusals(spec),
        *health_refusals(spec),
        *call_refusals(spec),
        *_collector_refusals(spec),
        *sidecar_port_refusals(spec, "aws"),
    ]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Health checks, sidecars and metrics that differ from the settings as written."""
    return [*health_adjustments(spec), *_sidecar_adjustments(spec), *_metrics_adjustments(spec)]


def _port_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if service.port is not None and service.port < FIRST_UNPRIVILEGED_PORT:
            yield Unsupported(
                "aws",
                f"services.{name}.port",
                problem=f"{service.port} is a privileged port, and containers run without root",
                fix=f"use {FIRST_UNPRIVILEGED_PORT} or higher",
            )


def _collector_refusals(spec: Platform) -> Iterator[Diagnostic]:
    if spec.network.egress != "none":
        return
    collected = any(scrape_endpoint(service) is not None for service in spec.services.values())
    if spec.monitoring.prometheus and collected:
        yield _without_image("monitoring.prometheus", "metrics collector", "set monitoring.prometheus to false")
    if spec.monitoring.tracing is not None:
        yield _without_image("monitoring.tracing", "collector", "remove monitoring.tracing")


def _without_image(key: str, collector: str, other_fix: str) -> Unsupported:
    problem = f"the {collector}'s image is on public.ecr.aws, which `network.egress: none` blocks"
    return Unsupported("aws", key, problem, f"set network.egress to per_zone or single, or {other_fix}")


def _sidecar_adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if not fits_fargate(service.size):
            continue
        shares = {
            f"{tmp_mib(service)} MiB of files in /tmp (HOME, the only folder that user 10001 may write to)": True,
            f"{COLLECTOR_MEMORY_MIB} MiB for the {_collector_name(spec, service)}": has_collector(spec, service),
            f"{PROXY_MEMORY_MIB} MiB for the Service Connect proxy": connected(spec, name),
        }
        yield Adjustment(
            f"services.{name}.size",
            requested=service.size.model_dump(),
            effect=Effect.PARTIAL,
            reason=f"the task's memory includes up to {listed([share for share, used in shares.items() if used], 'and')}",
        )


def _collector_name(spec: Platform, service: Service) -> str:
    scraped = spec.monitoring.prometheus and scrape_endpoint(service) is not None
    names = {"metrics": scraped, "spans": spec.monitoring.tracing is not None}
    return (
        "metrics collector"
        if names == {"metrics": True, "spans": False}
        else (f"collector of {listed([name for name, present in names.items() if present], 'and')}")
    )


def _metrics_adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if spec.monitoring.prometheus and unscraped_reason(service):
            reason = f"{name} is not scraped; {unscraped_reason(service)}"
            yield Adjustment("monitoring.prometheus", requested=True, effect=Effect.PARTIAL, reason=reason)
