"""What Google Cloud refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.spec import Platform
from providers.gcp.base.image_sources import registry_adjustments, registry_refusals
from providers.gcp.base.models import model_adjustments, model_refusals
from providers.gcp.base.regions import region_adjustments, region_refusals
from providers.gcp.compute.limits import compute_adjustments, compute_refusals
from providers.gcp.compute.scaling import autoscaling_adjustments
from providers.gcp.database.parameters import parameter_refusals
from providers.gcp.database.windows import database_adjustments, database_refusals
from providers.gcp.entry.admission import entry_adjustments
from providers.gcp.entry.routes import entry_refusals
from providers.gcp.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.gcp.naming import naming_refusals
from providers.gcp.network.limits import network_adjustments, network_refusals
from providers.gcp.sizes import (
    cache_size_adjustments,
    cache_size_refusals,
    database_size_adjustments,
    database_size_refusals,
)

REFUSALS: tuple[RefusalRule, ...] = (
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
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    region_adjustments,
    network_adjustments,
    model_adjustments,
    registry_adjustments,
    database_size_adjustments,
    database_adjustments,
    cache_size_adjustments,
    compute_adjustments,
    autoscaling_adjustments,
    entry_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Region of the `gcp` block."""
    return spec.gcp.region if spec.gcp else ""


LIMITS = CloudLimits(region, REFUSALS, ADJUSTMENTS)
