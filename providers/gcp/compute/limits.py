"""Service settings that Cloud Run refuses or adjusts. Pure."""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.prometheus import scrape_endpoint, unscraped_reason
from providers.contract.span_limits import sidecar_port_refusals
from providers.contract.spec import Platform, Service
from providers.contract.spec.service import Metrics
from providers.gcp.compute.health import probe_adjustments
from providers.gcp.compute.sizes import (
    MAX_MEMORY_MIB,
    MAX_VCPU,
    RunSize,
    fits,
    run_size,
    run_size_adjustments,
    run_size_refusals,
    size_text,
)

RESERVED_VARIABLES = re.compile(r"K_(SERVICE|REVISION|CONFIGURATION)|CLOUD_RUN_.*|X_GOOGLE_.*")
"""Variables that Cloud Run sets and that a service must not set: Cloud Run documentation, "Container runtime
contract"."""
SIDECAR_SIZE = RunSize(vcpu=1, memory_mib=512)
"""Size of the sidecar that sends metrics to Managed Service for Prometheus: the smallest of a container in a service whose
replicas answer more than one request at a time (Cloud Run documentation, "Configure CPU limits for services")."""
ARCHITECTURE = "amd64"
BACKGROUND_APPS = ("agentos",)
"""Apps that continue to work after the response: an agent then writes its memory and its traces."""


def has_sidecar(spec: Platform, service: Service) -> bool:
    """True when a sidecar sends the service's metrics to Managed Service for Prometheus."""
    return spec.monitoring.prometheus and service.port is not None and scrape_endpoint(service) is not None


def sidecar_count(spec: Platform, service: Service) -> int:
    """Return the number of sidecars of each replica: one for metrics, one for spans."""
    spans = spec.monitoring.tracing is not None and service.port is not None
    return has_sidecar(spec, service) + spans


def works_in_background(spec: Platform, service: Service) -> bool:
    """True when a replica needs CPU between requests; other services are billed for CPU during requests only."""
    return service.app in BACKGROUND_APPS or sidecar_count(spec, service) > 0


def compute_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse sizes, processor architectures and variables that Cloud Run does not accept."""
    return [
        *run_size_refusals(spec),
        *_refuse_oversized_replicas(spec),
        *_refuse_architectures(spec),
        *_refuse_reserved_variables(spec),
        *sidecar_port_refusals(spec, "gcp"),
    ]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Report adjusted sizes and probes, the size of the metrics sidecar, and workers that Prometheus does not scrape."""
    return [
        *run_size_adjustments(spec),
        *probe_adjustments(spec),
        *_sidecar_adjustments(spec),
        *_tracing_adjustments(spec),
        *_unscraped_workers(spec),
        *_unused_metrics(spec),
    ]


def _refuse_oversized_replicas(spec: Platform) -> Iterator[Diagnostic]:
    """All containers of a replica share the limits of the largest size."""
    for name, service in spec.services.items():
        count = sidecar_count(spec, service)
        if count == 0 or not fits(service.size):
            continue
        size = run_size(service.size)
        vcpu, memory_mib = size.vcpu + count * SIDECAR_SIZE.vcpu, size.memory_mib + count * SIDECAR_SIZE.memory_mib
        if vcpu > MAX_VCPU or memory_mib > MAX_MEMORY_MIB:
            problem = (
                f"{size_text(service.size)} and {_sidecars(spec, service)}, {SIDECAR_SIZE}, exceed the {MAX_VCPU} vCPU "
                f"and {MAX_MEMORY_MIB // 1024} GiB of a replica"
            )
            without = {
                "set monitoring.prometheus to false": has_sidecar(spec, service),
                "remove monitoring.tracing": spec.monitoring.tracing is not None,
            }
            fix = listed(["use a smaller size", *(step for step, helps in without.items() if helps)])
            yield Unsupported("gcp", f"services.{name}.size", problem=problem, fix=fix)


def _sidecars(spec: Platform, service: Service) -> str:
    if spec.monitoring.tracing is None:
        return "the metrics sidecar"
    return "the sidecars for metrics and spans, each" if has_sidecar(spec, service) else "the sidecar for spans"


def _refuse_architectures(spec: Platform) -> Iterator[Diagnostic]:
    """Cloud Run runs `linux/amd64` only: Cloud Run documentation, "Container runtime contract", supported platforms."""
    for name, service in spec.services.items():
        if service.architecture != ARCHITECTURE:
            problem = f"Cloud Run runs images for {ARCHITECTURE} only"
            fix = f"use {ARCHITECTURE} and an image that is built for linux/{ARCHITECTURE}"
            yield Unsupported("gcp", f"services.{name}.architecture", problem=problem, fix=fix)


def _refuse_reserved_variables(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        keys = {
            **{variable: f"environment.{variable}" for variable in service.environment},
            **dict.fromkeys(service.secrets, "secrets"),
        }
        for variable, key in keys.items():
            if RESERVED_VARIABLES.fullmatch(variable):
                problem = f"Cloud Run sets the variable {variable}"
                yield Unsupported("gcp", f"services.{name}.{key}", problem=problem, fix="use another name")


def _sidecar_adjustments(spec: Platform) -> Iterator[Adjustment]:
    scraped = [name for name, service in spec.services.items() if has_sidecar(spec, service)]
    if scraped:
        replicas = sum(spec.services[name].replicas.min for name in scraped)
        reason = (
            f"each replica of {listed(scraped, 'and')} has a metrics sidecar of {SIDECAR_SIZE}, the smallest size, which is "
            f"billed like the replica: {replicas} vCPU at the minimum number of replicas. Set services.*.metrics to none "
            "for a service without metrics"
        )
        yield Adjustment("monitoring.prometheus", requested=True, effect=Effect.ADJUSTED, reason=reason)


def _tracing_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Report the sidecar for spans, and workers, which have none."""
    tracing = spec.monitoring.tracing
    if tracing is None:
        return
    traced = [name for name, service in spec.services.items() if service.port is not None]
    workers = [name for name in spec.services if name not in traced]
    if traced:
        replicas = sum(spec.services[name].replicas.min for name in traced)
        reason = (
            f"each replica of {listed(traced, 'and')} has a sidecar for spans of {SIDECAR_SIZE}, the smallest size, which is "
            f"billed like the replica at all times: {replicas} vCPU at the minimum number of replicas"
        )
        yield Adjustment("monitoring.tracing", tracing.model_dump(), Effect.ADJUSTED, reason)
    if workers:
        reason = f"{listed(workers, 'and')} {'sends' if len(workers) == 1 else 'send'} no spans: a worker pool has no sidecar"
        yield Adjustment("monitoring.tracing", tracing.model_dump(), Effect.PARTIAL, reason)


def _unused_metrics(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if isinstance(service.metrics, Metrics) and not has_sidecar(spec, service):
            worker = service.port is None
            reason = "a worker pool has no sidecar" if worker else "collected only with monitoring.prometheus: true"
            requested = service.metrics.model_dump(exclude_none=True)
            yield Adjustment(f"services.{name}.metrics", requested=requested, effect=Effect.IGNORED, reason=reason)


def _unscraped_workers(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        reason = "a worker pool has no sidecar" if service.port is None else unscraped_reason(service)
        if spec.monitoring.prometheus and reason and service.metrics is None:
            reason = f"{name} is not scraped; {reason}"
            yield Adjustment("monitoring.prometheus", requested=True, effect=Effect.PARTIAL, reason=reason)
