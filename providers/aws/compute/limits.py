"""What the services' spec asks that ECS on Fargate cannot do, or does in its own way. Pure."""

from collections.abc import Iterator

from providers.aws.compute.calls import call_refusals, connected
from providers.aws.compute.health import health_adjustments, health_refusals
from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
from providers.contract.spec import Platform

FIRST_FREE_PORT = 1024
"""Linux lets only privileged users open lower ones, and containers here run without privileges."""
COLLECTOR_MEMORY_MIB = 256
"""Ceiling of the collector of metrics; beyond it the collector is ended and the service goes on."""
PROXY_MEMORY_MIB = 64
"""What the proxy of Service Connect needs at least: Amazon ECS developer guide, "Service Connect"."""


def compute_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Ports, checks, calls and metrics that Fargate cannot give."""
    return [*_port_refusals(spec), *health_refusals(spec), *call_refusals(spec), *_collector_refusals(spec)]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Where a check reaches less than asked, a neighbour shares the task, or a service has no metrics to fetch."""
    return [*health_adjustments(spec), *_sidecar_adjustments(spec), *_metrics_adjustments(spec)]


def _port_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if service.port is not None and service.port < FIRST_FREE_PORT:
            advice = (
                f"its container runs without root's rights, which ports below {FIRST_FREE_PORT} need; use a higher one"
            )
            yield legacy_unsupported("aws", f"services.{name}.port", service.port, advice)


def _collector_refusals(spec: Platform) -> Iterator[Diagnostic]:
    collected = any(service.port is not None for service in spec.services.values())
    if spec.monitoring.prometheus and collected and spec.network.egress == "none":
        advice = (
            "its collector's image comes from public.ecr.aws, which `network.egress: none` closes off; open one of them"
        )
        yield legacy_unsupported("aws", "monitoring.prometheus", True, advice)


def _sidecar_adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        shares = {
            f"{COLLECTOR_MEMORY_MIB} MiB for the collector": spec.monitoring.prometheus and service.port is not None,
            f"{PROXY_MEMORY_MIB} MiB for the proxy": connected(spec, name),
        }
        beside = [share for share, there in shares.items() if there]
        if beside:
            asked = {"vcpu": service.size.vcpu, "memory_gib": service.size.memory_gib}
            yield legacy_adjustment(
                f"services.{name}.size", asked, f"the task's size, with up to {listed(beside, 'and')}"
            )


def _metrics_adjustments(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if spec.monitoring.prometheus and service.port is None:
            yield legacy_adjustment(
                "monitoring.prometheus", True, f"nothing from {name}, which has no port to fetch metrics at"
            )
