"""What Azure refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from collections.abc import Callable

from providers.azure.link import link_approximations
from providers.azure.model_names import model_approximations, model_refusals
from providers.azure.naming import naming_refusals
from providers.azure.objects import storage_approximations
from providers.azure.observation import monitoring_approximations, monitoring_refusals, stack_secrets
from providers.azure.parameters import parameter_approximations, parameter_refusals
from providers.azure.redundancy import backup_refusals, redundancy_approximations
from providers.azure.registry_names import registry_refusals
from providers.azure.routes import entry_approximations, entry_refusals
from providers.azure.scaling import autoscaling_approximations, autoscaling_refusals
from providers.azure.sizes import size_approximations, size_refusals
from providers.azure.subjects import deployer_approximations
from providers.azure.tag_names import tag_refusals
from providers.azure.topology.limits import network_approximations, network_refusals
from providers.azure.topology.locations import location_refusals
from providers.azure.variable_names import variable_refusals
from providers.azure.workloads import compute_approximations, compute_refusals
from providers.contract.mistakes import Approximation, Refusal
from providers.contract.spec import Platform

REFUSALS: tuple[Callable[[Platform, str], list[Refusal]], ...] = (
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
APPROXIMATIONS: tuple[Callable[[Platform], list[Approximation]], ...] = (
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


def refusals(spec: Platform, stack: str) -> list[Refusal]:
    """Every setting Azure cannot honour."""
    return [refusal for rule in REFUSALS for refusal in rule(spec, stack)]


def approximations(spec: Platform) -> list[Approximation]:
    """Every setting Azure honours in its own way."""
    return [found for rule in APPROXIMATIONS for found in rule(spec)]
