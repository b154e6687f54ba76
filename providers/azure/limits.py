"""Settings that Azure refuses or adjusts, collected from its capabilities. Pure: no SDK is imported to report them."""

from collections.abc import Mapping

from providers.azure.base.existing_registry import existing_image, existing_registry_adjustments
from providers.azure.base.image_sources import registry_adjustments, registry_refusals
from providers.azure.base.key_limits import key_adjustments
from providers.azure.base.limits import (
    deployer_adjustments,
    location_refusals,
    model_adjustments,
    model_refusals,
    tag_refusals,
)
from providers.azure.cache.sizes import cache_adjustments, cache_copies, cache_refusals
from providers.azure.compute.limits import compute_adjustments, compute_refusals, variable_refusals
from providers.azure.compute.rollout import rollout_adjustments, rollout_refusals
from providers.azure.compute.scaling import scaling_adjustments, scaling_refusals
from providers.azure.database.limits import database_adjustments, database_refusals
from providers.azure.database.parameters import parameter_adjustments, parameter_refusals, rollout_connections
from providers.azure.drill.limits import drill_adjustments, drill_refusals
from providers.azure.entry.gateway_limits import gateway_adjustments, gateway_refusals
from providers.azure.entry.limits import entry_adjustments, entry_refusals, private_link_adjustments
from providers.azure.entry.sign_in import authentication_adjustments, authentication_refusals
from providers.azure.jobs.limits import job_adjustments, job_refusals
from providers.azure.monitoring.limits import monitoring_adjustments, monitoring_refusals, stack_secrets
from providers.azure.naming import naming_refusals
from providers.azure.network.flows import internet_ports
from providers.azure.network.limits import network_adjustments, network_refusals
from providers.azure.recovery.limits import recovery_adjustments, recovery_refusals
from providers.azure.storage.limits import storage_adjustments
from providers.contract.authentication import sign_in_secrets
from providers.contract.egress import ports_by_service
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.release import release_adjustments
from providers.contract.spec import Platform

REFUSALS: tuple[RefusalRule, ...] = (
    location_refusals,
    naming_refusals,
    tag_refusals,
    network_refusals,
    registry_refusals,
    variable_refusals,
    model_refusals,
    database_refusals,
    cache_refusals,
    parameter_refusals,
    compute_refusals,
    rollout_refusals,
    scaling_refusals,
    entry_refusals,
    gateway_refusals,
    authentication_refusals,
    job_refusals,
    recovery_refusals,
    drill_refusals,
    monitoring_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    network_adjustments,
    registry_adjustments,
    existing_registry_adjustments,
    deployer_adjustments,
    model_adjustments,
    key_adjustments,
    database_adjustments,
    cache_adjustments,
    parameter_adjustments,
    storage_adjustments,
    compute_adjustments,
    rollout_adjustments,
    scaling_adjustments,
    entry_adjustments,
    gateway_adjustments,
    authentication_adjustments,
    private_link_adjustments,
    job_adjustments,
    release_adjustments,
    recovery_adjustments,
    drill_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Location of the `azure` block."""
    return spec.azure.location if spec.azure else ""


def outbound(spec: Platform) -> Mapping[str, str]:
    """The same ports for every service: one subnet, whose rules apply to all, holds them."""
    return ports_by_service(spec, lambda _name: internet_ports(spec))


def secrets_of_stack(spec: Platform) -> tuple[str, ...]:
    """Secrets of notification channels and of the sign-in of users."""
    return (*stack_secrets(spec), *sign_in_secrets(spec))


LIMITS = CloudLimits(
    region,
    REFUSALS,
    ADJUSTMENTS,
    outbound,
    cache_copies,
    rollout_connections,
    secrets_of_stack,
    existing_image=existing_image,
)
