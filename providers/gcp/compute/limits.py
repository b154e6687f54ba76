"""What the services' spec asks that Cloud Run cannot do, or does in its own way. Pure."""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform, Service
from providers.gcp.compute.health import probe_adjustments
from providers.gcp.compute.sizes import (
    PAIRS,
    RunSize,
    asked,
    fits,
    run_size,
    run_size_adjustments,
    run_size_refusals,
)

RESERVED = re.compile(r"K_(SERVICE|REVISION|CONFIGURATION)|CLOUD_RUN_.*|X_GOOGLE_.*")
"""Variables that Cloud Run sets itself and refuses from others, beside PORT: "Container runtime contract"."""
SIDECAR = RunSize(vcpu=1, memory_mib=512)
"""The smallest size there is, for the container that carries metrics to the managed Prometheus."""
BACKGROUND_APPS = ("agentos",)
"""Apps that go on working after they have answered: an agent writes its memory and its traces then."""


def has_sidecar(spec: Platform, service: Service) -> bool:
    """True when a second container carries the service's metrics to the managed Prometheus."""
    return spec.monitoring.prometheus and service.port is not None


def works_in_background(spec: Platform, service: Service) -> bool:
    """True when a copy needs its CPU between requests too; others are paid and awake only while they answer."""
    return service.app in BACKGROUND_APPS or has_sidecar(spec, service)


def compute_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes and variables that Cloud Run does not take."""
    return [*run_size_refusals(spec), *_crowded(spec), *_reserved(spec)]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Sizes and checks that Cloud Run honours in its own way, and workers that show no metrics."""
    return [*run_size_adjustments(spec), *probe_adjustments(spec), *_unscraped(spec)]


def _crowded(spec: Platform) -> Iterator[Diagnostic]:
    """The containers of one copy share the largest size."""
    vcpu, (_, memory_mib) = list(PAIRS.items())[-1]
    for name, service in spec.services.items():
        if not has_sidecar(spec, service) or not fits(service.size):
            continue
        size = run_size(service.size)
        if size.vcpu + SIDECAR.vcpu > vcpu or size.memory_mib + SIDECAR.memory_mib > memory_mib:
            advice = (
                f"the containers of a copy share {vcpu} vCPU and {memory_mib // 1024} GiB, and the one that carries its "
                f"metrics takes {SIDECAR}; ask for less, or set monitoring.prometheus to false"
            )
            yield legacy_unsupported("gcp", f"services.{name}.size", asked(service.size), advice)


def _reserved(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        places = {
            **{key: f"environment.{key}" for key in service.environment},
            **dict.fromkeys(service.secrets, "secrets"),
        }
        for variable, place in places.items():
            if RESERVED.fullmatch(variable):
                advice = "Cloud Run sets this variable itself; choose another name"
                yield legacy_unsupported("gcp", f"services.{name}.{place}", variable, advice)


def _unscraped(spec: Platform) -> Iterator[Adjustment]:
    workers = [name for name, service in spec.services.items() if service.port is None]
    if spec.monitoring.prometheus and workers:
        given = f"metrics of the services with a port; nothing can be asked of {', '.join(workers)}"
        yield legacy_adjustment("monitoring.prometheus", True, given)
