"""Redis protocol: Memorystore for Redis, encrypted on disk and on the wire, with a password.

Not Memorystore for Valkey: that one knows IAM tokens instead of a password, so a plain REDIS_URL could not open it. The
instance signs its certificate itself, with an authority made for it alone; clients would refuse it, or be told to check
nothing. The authority is therefore stored and mounted as a file in every service that uses the cache, and REDIS_URL names
that file: redis-py and Celery read it from there, others find it at `variables.REDIS_CA_FILE`.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.credentials import redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheSpec
from providers.contract.variables import REDIS_CA_FILE
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.secrets import create_secret
from providers.gcp.network.flows import CACHE_PORT
from providers.gcp.sizes import cache_gib

VERSION = "REDIS_7_2"
SNAPSHOTS = "TWELVE_HOURS"
MAINTENANCE_DAY = "SUNDAY"
MAINTENANCE_HOUR = 4


@dataclass(frozen=True)
class GcpCache(Cache):
    """`identifier` (`projects/P/locations/R/instances/I`) names the instance in metrics."""

    identifier: pulumi.Output[str]


def create_cache(scope: Scope, base: GcpBaseResources) -> GcpCache:
    """One instance for the spec's cache."""
    wanted, users = base.spec.cache, base.spec.users_of("cache")
    if wanted is None:
        raise ValueError("the platform has no cache")
    instance = _instance(scope, base, wanted)
    password = pulumi.Output.secret(instance.auth_string)
    url = redis_url(password, instance.host, CACHE_PORT, tls=True, ca_file=REDIS_CA_FILE)
    return GcpCache(
        host=instance.host,
        port=CACHE_PORT,
        tls=True,
        url=create_secret(scope, base, "redis-url", url, users),
        ca_certificate=create_secret(scope, base, "redis-ca", _authorities(instance), users),
        identifier=instance.id,
    )


def _instance(scope: Scope, base: GcpBaseResources, wanted: CacheSpec) -> gcp.redis.Instance:
    context = base.context
    return gcp.redis.Instance(
        scope.named(),
        project=context.project,
        region=context.region,
        display_name=f"Cache of the stack {context.stack}",
        tier="STANDARD_HA" if wanted.high_availability else "BASIC",
        memory_size_gb=cache_gib(wanted.memory_gib),
        redis_version=VERSION,
        redis_configs={"maxmemory-policy": wanted.eviction},
        auth_enabled=True,
        transit_encryption_mode="SERVER_AUTHENTICATION",
        customer_managed_key=base.keys.usable["redis"],
        connect_mode="PRIVATE_SERVICE_ACCESS",
        authorized_network=base.network.network_id,
        reserved_ip_range=base.network.private_range,
        persistence_config=gcp.redis.InstancePersistenceConfigArgs(
            persistence_mode="RDB", rdb_snapshot_period=SNAPSHOTS
        ),
        maintenance_policy=_maintenance(),
        deletion_protection=context.production,
        opts=scope.opts(),
    )


def _authorities(instance: gcp.redis.Instance) -> pulumi.Output[str]:
    """Every authority in one file: five years on a second one stands beside the first, which it follows."""
    return instance.server_ca_certs.apply(lambda known: "\n".join(authority.cert or "" for authority in known))


def _maintenance() -> gcp.redis.InstanceMaintenancePolicyArgs:
    start = gcp.redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowStartTimeArgs(
        hours=MAINTENANCE_HOUR, minutes=0, seconds=0, nanos=0
    )
    return gcp.redis.InstanceMaintenancePolicyArgs(
        weekly_maintenance_windows=[
            gcp.redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowArgs(day=MAINTENANCE_DAY, start_time=start)
        ]
    )
