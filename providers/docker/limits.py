"""Settings that a Docker host refuses or adjusts, collected from the capabilities. Pure."""

from collections.abc import Mapping

from providers.contract.egress import checks_names, listed_ports, ports_by_service
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.own_postgres import own_connections
from providers.contract.prometheus_alerts import receiver_secrets
from providers.contract.release import release_adjustments
from providers.contract.spec import CacheSettings, Platform
from providers.docker.base.platform_images import existing_image, image_adjustments, image_refusals
from providers.docker.compute.limits import workload_adjustments, workload_refusals
from providers.docker.compute.rollout import rollout_adjustments, rollout_refusals
from providers.docker.compute.sizes import size_refusals
from providers.docker.context import REGION
from providers.docker.database.parameters import parameter_refusals
from providers.docker.entry.limits import entry_adjustments, entry_refusals
from providers.docker.jobs.limits import job_adjustments, job_refusals
from providers.docker.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.docker.naming import naming_refusals
from providers.docker.network.limits import network_adjustments, network_refusals

REFUSALS: tuple[RefusalRule, ...] = (
    naming_refusals,
    image_refusals,
    network_refusals,
    entry_refusals,
    size_refusals,
    parameter_refusals,
    workload_refusals,
    rollout_refusals,
    job_refusals,
    monitoring_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    image_adjustments,
    network_adjustments,
    entry_adjustments,
    workload_adjustments,
    rollout_adjustments,
    job_adjustments,
    release_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Return `local`: a host is a single region."""
    return REGION


def outbound(spec: Platform) -> Mapping[str, str]:
    """Every port for every service, as a Docker network has outbound access or none; the ports of hosts that have proxies."""
    if checks_names(spec):
        return ports_by_service(spec, lambda name: listed_ports(spec, name))
    return {name: "any port" for name in spec.services if spec.network.egress != "none"}


def cache_copies(_cache: CacheSettings) -> str:
    """Return the copies of a cache's data."""
    return "every change in a volume, without a copy of it"


LIMITS = CloudLimits(
    region,
    REFUSALS,
    ADJUSTMENTS,
    outbound,
    cache_copies,
    own_connections,
    receiver_secrets,
    existing_image=existing_image,
)
