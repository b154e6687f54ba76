"""What Azure refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from providers.azure.base.deployer_subject import deployer_adjustments
from providers.azure.base.image_sources import registry_refusals
from providers.azure.base.locations import location_refusals
from providers.azure.base.model_deployments import model_adjustments, model_refusals
from providers.azure.base.tags import tag_refusals
from providers.azure.compute.limits import compute_adjustments, compute_refusals
from providers.azure.compute.scaling import autoscaling_adjustments, autoscaling_refusals
from providers.azure.compute.variable_names import variable_refusals
from providers.azure.database.parameters import parameter_adjustments, parameter_refusals
from providers.azure.database.redundancy import backup_refusals, redundancy_adjustments
from providers.azure.entry.private_link import link_adjustments
from providers.azure.entry.routes import entry_adjustments, entry_refusals
from providers.azure.monitoring.limits import monitoring_adjustments, monitoring_refusals, stack_secrets
from providers.azure.naming import naming_refusals
from providers.azure.network.limits import network_adjustments, network_refusals
from providers.azure.sizes import size_adjustments, size_refusals
from providers.azure.storage.retention import storage_adjustments
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.spec import Platform

REFUSALS: tuple[RefusalRule, ...] = (
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
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    network_adjustments,
    deployer_adjustments,
    model_adjustments,
    size_adjustments,
    redundancy_adjustments,
    parameter_adjustments,
    storage_adjustments,
    compute_adjustments,
    autoscaling_adjustments,
    entry_adjustments,
    link_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Location of the `azure` block."""
    return spec.azure.location if spec.azure else ""


LIMITS = CloudLimits(region, REFUSALS, ADJUSTMENTS, stack_secrets)
