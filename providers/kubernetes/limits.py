"""Settings that a cluster refuses or adjusts, collected from the capabilities. Pure."""

from collections.abc import Mapping

from providers.contract.egress import ports_by_service
from providers.contract.limits import AdjustmentRule, CloudLimits, RefusalRule
from providers.contract.prometheus_alerts import receiver_secrets
from providers.contract.release import release_adjustments
from providers.contract.spec import CacheSettings, Platform
from providers.kubernetes.base.platform_images import existing_image, image_refusals
from providers.kubernetes.cache.limits import cache_adjustments, cache_refusals, copies_of
from providers.kubernetes.compute.limits import compute_adjustments, compute_refusals, job_adjustments, job_refusals
from providers.kubernetes.compute.rollout_limits import rollout_adjustments, rollout_refusals
from providers.kubernetes.context import REGION, block_of, keeps_backups
from providers.kubernetes.database.limits import database_adjustments, database_refusals
from providers.kubernetes.database.parameters import rollout_connections
from providers.kubernetes.drill.limits import drill_adjustments, drill_refusals
from providers.kubernetes.entry.limits import entry_adjustments, entry_refusals
from providers.kubernetes.monitoring.limits import monitoring_adjustments, monitoring_refusals
from providers.kubernetes.naming import naming_refusals
from providers.kubernetes.network.flows import internet_ports
from providers.kubernetes.network.limits import network_adjustments, network_refusals, recovery_refusals
from providers.kubernetes.storage.limits import storage_adjustments, storage_refusals

REFUSALS: tuple[RefusalRule, ...] = (
    naming_refusals,
    image_refusals,
    network_refusals,
    entry_refusals,
    compute_refusals,
    rollout_refusals,
    job_refusals,
    database_refusals,
    cache_refusals,
    storage_refusals,
    drill_refusals,
    monitoring_refusals,
    recovery_refusals,
)
ADJUSTMENTS: tuple[AdjustmentRule, ...] = (
    network_adjustments,
    entry_adjustments,
    compute_adjustments,
    rollout_adjustments,
    job_adjustments,
    release_adjustments,
    database_adjustments,
    cache_adjustments,
    storage_adjustments,
    drill_adjustments,
    monitoring_adjustments,
)


def region(spec: Platform) -> str:
    """Return `cluster`: a cluster is a single region."""
    return REGION


def outbound(spec: Platform) -> Mapping[str, str]:
    """Ports of the internet by service."""
    return ports_by_service(spec, lambda name: internet_ports(spec, name))


def cache_copies(cache: CacheSettings) -> str:
    """Return the copies of a cache's data."""
    return copies_of(cache)


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """Secrets that the platform itself reads from the stack: external servers, the keys of the bucket, receivers of alarms."""
    block = block_of(spec)
    database = ("DATABASE_URL",) if spec.database is not None and block.database.external else ()
    cache = ("REDIS_URL",) if spec.cache is not None and block.cache.external else ()
    bucket = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if block.bucket is not None and _uses_bucket(spec) else ()
    return (*database, *cache, *bucket, *receiver_secrets(spec))


def _uses_bucket(spec: Platform) -> bool:
    return spec.storage is not None or keeps_backups(spec)


LIMITS = CloudLimits(
    region,
    REFUSALS,
    ADJUSTMENTS,
    outbound,
    cache_copies,
    rollout_connections,
    stack_secrets,
    existing_image=existing_image,
)
