"""Settings that AWS refuses or adjusts, collected from its capabilities. Pure."""

from collections.abc import Mapping

from providers.aws.base.existing_registry import (
    existing_image,
    existing_registry_adjustments,
    existing_registry_refusals,
)
from providers.aws.base.image_sources import registry_adjustments, registry_refusals
from providers.aws.base.limits import deployer_adjustments, tag_refusals
from providers.aws.base.models import model_adjustments, model_refusals
from providers.aws.cache.sizes import cache_copies, cache_size_adjustments, cache_size_refusals
from providers.aws.compute.limits import compute_adjustments, compute_refusals
from providers.aws.compute.revisions import rollout_adjustments, rollout_refusals
from providers.aws.compute.sizes import fargate_adjustments, fargate_refusals
from providers.aws.database.parameters import parameter_refusals, rollout_connections
from providers.aws.database.sizes import database_size_adjustments, database_size_refusals, storage_refusals
from providers.aws.drill.limits import drill_adjustments, drill_refusals
from providers.aws.entry.routes import ingress_adjustments, ingress_refusals
from providers.aws.jobs.limits import job_adjustments, job_refusals
from providers.aws.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.aws.naming import naming_refusals
from providers.aws.network.flows import internet_ports
from providers.aws.network.limits import network_adjustments, network_refusals
from providers.aws.recovery.limits import recovery_adjustments, recovery_refusals
from providers.contract.authentication import sign_in_secrets
from providers.contract.egress import ports_by_service
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.release import release_adjustments
from providers.contract.spec import Platform

REFUSALS: tuple[RefusalRule, ...] = (
    naming_refusals,
    tag_refusals,
    network_refusals,
    registry_refusals,
    existing_registry_refusals,
    model_refusals,
    fargate_refusals,
    database_size_refusals,
    cache_size_refusals,
    compute_refusals,
    rollout_refusals,
    ingress_refusals,
    parameter_refusals,
    storage_refusals,
    job_refusals,
    recovery_refusals,
    drill_refusals,
    monitoring_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    model_adjustments,
    registry_adjustments,
    existing_registry_adjustments,
    deployer_adjustments,
    network_adjustments,
    fargate_adjustments,
    database_size_adjustments,
    cache_size_adjustments,
    compute_adjustments,
    rollout_adjustments,
    ingress_adjustments,
    job_adjustments,
    release_adjustments,
    recovery_adjustments,
    drill_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Region of the `aws` block."""
    return spec.aws.region if spec.aws else ""


def outbound(spec: Platform) -> Mapping[str, str]:
    """Ports on which services may connect to any address."""
    return ports_by_service(spec, lambda name: internet_ports(spec, name, region(spec)))


DEFERRED_IMAGE = "000000000000.dkr.ecr.{region}.amazonaws.com/deferred"
"""An image that is an Output is expected in ECR of the region, where tasks without outbound access can pull it."""

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
