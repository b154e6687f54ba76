"""What Azure refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from collections.abc import Callable

from providers.azure.base.deployer_subject import deployer_approximations
from providers.azure.base.image_sources import registry_refusals
from providers.azure.base.locations import location_refusals
from providers.azure.base.model_deployments import model_approximations, model_refusals
from providers.azure.base.tags import tag_refusals
from providers.azure.compute.limits import compute_approximations, compute_refusals
from providers.azure.compute.scaling import autoscaling_approximations, autoscaling_refusals
from providers.azure.compute.variable_names import variable_refusals
from providers.azure.database.parameters import parameter_approximations, parameter_refusals
from providers.azure.database.redundancy import backup_refusals, redundancy_approximations
from providers.azure.entry.private_link import link_approximations
from providers.azure.entry.routes import entry_approximations, entry_refusals
from providers.azure.monitoring.limits import monitoring_approximations, monitoring_refusals, stack_secrets
from providers.azure.naming import naming_refusals
from providers.azure.network.limits import network_approximations, network_refusals
from providers.azure.sizes import size_approximations, size_refusals
from providers.azure.storage.retention import storage_approximations
from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform

REFUSALS: tuple[Callable[[Platform, str], list[Diagnostic]], ...] = (
    location_refusals,
    naming_refusals,
    tag_refusals,
    network_refusals,
    registry_refusals,
    variable_refusals,
    model_refusals,
    size_refusals,
    backup_refusals,
    parameter_refusals,
    compute_refusals,
    autoscaling_refusals,
    entry_refusals,
    monitoring_refusals,
)
APPROXIMATIONS: tuple[Callable[[Platform], list[Adjustment]], ...] = (
    network_approximations,
    deployer_approximations,
    model_approximations,
    size_approximations,
    redundancy_approximations,
    parameter_approximations,
    storage_approximations,
    compute_approximations,
    autoscaling_approximations,
    entry_approximations,
    link_approximations,
    monitoring_approximations,
)

__all__ = ["approximations", "refusals", "region", "stack_secrets"]


def region(spec: Platform) -> str:
    """Location of the `azure` block."""
    return spec.azure.location if spec.azure else ""


def refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Every setting Azure cannot honour."""
    return [refusal for rule in REFUSALS for refusal in rule(spec, stack)]


def approximations(spec: Platform) -> list[Adjustment]:
    """Every setting Azure honours in its own way."""
    return [found for rule in APPROXIMATIONS for found in rule(spec)]
