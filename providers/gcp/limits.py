"""What Google Cloud refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from collections.abc import Callable

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform
from providers.gcp.base.image_sources import registry_approximations, registry_refusals
from providers.gcp.base.models import model_approximations, model_refusals
from providers.gcp.base.regions import region_approximations, region_refusals
from providers.gcp.compute.limits import compute_approximations, compute_refusals
from providers.gcp.compute.scaling import autoscaling_approximations
from providers.gcp.database.parameters import parameter_refusals
from providers.gcp.database.windows import database_approximations, database_refusals
from providers.gcp.entry.admission import entry_approximations
from providers.gcp.entry.routes import entry_refusals
from providers.gcp.monitoring.limits import monitoring_approximations, monitoring_refusals
from providers.gcp.naming import naming_refusals
from providers.gcp.network.limits import network_approximations, network_refusals
from providers.gcp.sizes import (
    cache_size_approximations,
    cache_size_refusals,
    database_size_approximations,
    database_size_refusals,
)

REFUSALS: tuple[Callable[[Platform, str], list[Diagnostic]], ...] = (
    region_refusals,
    naming_refusals,
    network_refusals,
    model_refusals,
    registry_refusals,
    database_size_refusals,
    database_refusals,
    parameter_refusals,
    cache_size_refusals,
    compute_refusals,
    entry_refusals,
    monitoring_refusals,
)
APPROXIMATIONS: tuple[Callable[[Platform], list[Adjustment]], ...] = (
    region_approximations,
    network_approximations,
    model_approximations,
    registry_approximations,
    database_size_approximations,
    database_approximations,
    cache_size_approximations,
    compute_approximations,
    autoscaling_approximations,
    entry_approximations,
    monitoring_approximations,
)


def region(spec: Platform) -> str:
    """Region of the `gcp` block."""
    return spec.gcp.region if spec.gcp else ""


def refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Every setting Google Cloud cannot honour."""
    return [refusal for rule in REFUSALS for refusal in rule(spec, stack)]


def approximations(spec: Platform) -> list[Adjustment]:
    """Every setting Google Cloud honours in its own way."""
    return [found for rule in APPROXIMATIONS for found in rule(spec)]


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """No secret beside those that services list."""
    return ()
