"""What one machine refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from collections.abc import Callable

from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform
from providers.docker.base.platform_images import image_refusals
from providers.docker.compute.limits import workload_approximations, workload_refusals
from providers.docker.compute.sizes import size_refusals
from providers.docker.context import REGION
from providers.docker.database.parameters import parameter_refusals
from providers.docker.entry.admission import entry_approximations
from providers.docker.monitoring.limits import monitoring_approximations, stack_secrets
from providers.docker.naming import naming_refusals
from providers.docker.network.plan import network_approximations, network_refusals

REFUSALS: tuple[Callable[[Platform, str], list[Diagnostic]], ...] = (
    naming_refusals,
    image_refusals,
    network_refusals,
    size_refusals,
    parameter_refusals,
    workload_refusals,
)
APPROXIMATIONS: tuple[Callable[[Platform], list[Adjustment]], ...] = (
    network_approximations,
    entry_approximations,
    workload_approximations,
    monitoring_approximations,
)

__all__ = ["approximations", "refusals", "region", "stack_secrets"]


def region(spec: Platform) -> str:
    """One machine is one region, whatever the spec."""
    return REGION


def refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Every setting one machine cannot honour."""
    return [refusal for rule in REFUSALS for refusal in rule(spec, stack)]


def approximations(spec: Platform) -> list[Adjustment]:
    """Every setting one machine honours in its own way."""
    return [found for rule in APPROXIMATIONS for found in rule(spec)]
