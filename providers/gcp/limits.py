"""Settings that Google Cloud refuses or adjusts, collected from its capabilities. Pure."""

from collections.abc import Mapping

from providers.contract.authentication import sign_in_secrets
from providers.contract.egress import ports_by_service
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.release import release_adjustments
from providers.contract.spec import Platform
from providers.gcp.base.existing_registry import existing_image, existing_registry_adjustments
from providers.gcp.base.image_sources import registry_adjustments, registry_refusals
from providers.gcp.base.limits import model_adjustments, model_refusals, region_adjustments, region_refusals
from providers.gcp.cache.sizes import cache_copies, cache_size_adjustments, cache_size_refusals
from providers.gcp.compute.limits import compute_adjustments, compute_refusals
from providers.gcp.compute.rollout import rollout_adjustments, rollout_refusals
from providers.gcp.compute.scaling import autoscaling_adjustments
from providers.gcp.database.limits import database_adjustments, database_refusals
from providers.gcp.database.parameters import parameter_refusals, rollout_connections
from providers.gcp.database.sizes import database_size_adjustments, database_size_refusals
from providers.gcp.drill.limits import drill_adjustments
from providers.gcp.entry.limits import entry_adjustments, entry_refusals
from providers.gcp.jobs.limits import job_adjustments, job_refusals
from providers.gcp.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.gcp.naming import naming_refusals
from providers.gcp.network.flows import internet_ports
from providers.gcp.network.limits import network_adjustments, network_refusals
from providers.gcp.recovery.limits import recovery_adjustments, recovery_refusals

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
    rollout_refusals,
    entry_refusals,
    job_refusals,
    recovery_refusals,
    monitoring_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    region_adjustments,
    network_adjustments,
    model_adjustments,
    registry_adjustments,
    existing_registry_adjustments,
    database_size_adjustments,
    database_adjustments,
    cache_size_adjustments,
    compute_adjustments,
    autoscaling_adjustments,
    rollout_adjustments,
    entry_adjustments,
    job_adjustments,
    release_adjustments,
    recovery_adjustments,
    drill_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Region of the `gcp` block."""
    return spec.gcp.region if spec.gcp else ""


def outbound(spec: Platform) -> Mapping[str, str]:
    """Ports on which services may connect to any address."""
    return ports_by_service(spec, lambda name: internet_ports(spec, name))


DEFERRED_IMAGE = "{region}-docker.pkg.dev/deferred/deferred/image"
"""An image that is an Output is expected in Artifact Registry, from which Cloud Run pulls without a remote repository."""

LIMITS = CloudLimits(
    region,
    REFUSALS,
    ADJUSTMENTS,
    outbound,
    cache_copies,
    rollout_connections,
    sign_in_secrets,
    DEFERRED_IMAGE,
    existing_image,
)
