"""What one machine refuses, and what it honours in its own way: pure, known before the SDK is imported."""

from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.spec import Platform
from providers.docker.base.platform_images import image_refusals
from providers.docker.compute.limits import workload_adjustments, workload_refusals
from providers.docker.compute.sizes import size_refusals
from providers.docker.context import REGION
from providers.docker.database.parameters import parameter_refusals
from providers.docker.entry.admission import entry_adjustments
from providers.docker.monitoring.limits import monitoring_adjustments, stack_secrets
from providers.docker.naming import naming_refusals
from providers.docker.network.plan import network_adjustments, network_refusals

REFUSALS: tuple[RefusalRule, ...] = (
    naming_refusals,
    image_refusals,
    network_refusals,
    size_refusals,
    parameter_refusals,
    workload_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    network_adjustments,
    entry_adjustments,
    workload_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """One machine is one region, whatever the spec."""
    return REGION


LIMITS = CloudLimits(region, REFUSALS, ADJUSTMENTS, stack_secrets)
