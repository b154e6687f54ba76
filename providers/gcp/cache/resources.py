"""Memorystore for Redis, encrypted at rest and in transit, with a password.

Memorystore for Valkey has IAM tokens instead of a password, so a client with a plain REDIS_URL could not connect to it.
The instance's certificate is signed by a CA that exists only for the instance, which clients do not trust. The CA
certificate is therefore stored as a secret and mounted as a file in every service that uses the cache, and REDIS_URL names
that file: redis-py and Celery read it from the URL, other clients from `variables.cache_ca_file`.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.credentials import redis_url
from providers.contract.region_specs import is_passive
from providers.contract.results import Cache
from providers.contract.spec import CacheInstance
from providers.contract.variables import cache_ca_file
from providers.gcp.base.resources import GcpBaseResources, create_secret
from providers.gcp.cache.sizes import SNAPSHOT_HOURS, instance_memory_gib
from providers.gcp.network.flows import CACHE_PORT

VERSION = "REDIS_7_2"
SNAPSHOTS = {12: "TWELVE_HOURS"}
MAINTENANCE_DAY = "SUNDAY"
MAINTENANCE_HOUR = 4


@dataclass(frozen=True)
class GcpCache(Cache):
    """Memorystore instance; metrics have `identifier` (`projects/P/locations/R/instances/I`) as a label."""

    identifier: pulumi.Output[str]


def create_cache(scope: Scope, base: GcpBaseResources, cache: CacheInstance) -> GcpCache:
    """Create the instance of a cache, its URL and its CA certificate."""
    users = cache.users
    instance = _create_instance(scope, base, cache)
    password = pulumi.Output.secret(instance.auth_string)
    url, authority = cache.named("redis-url"), cache.named("redis-ca")
    connection = redis_url(password, instance.host, CACHE_PORT, tls=True, ca_file=cache_ca_file(cache.key))
    return GcpCache(
        host=instance.host,
        port=CACHE_PORT,
        tls=True,
        url=create_secret(scope, base, "redis-url", connection, users, copied=False, stored=url),
        ca_certificate=create_secret(
            scope, base, "redis-ca", _ca_certificates(instance), users, copied=False, stored=authority
        ),
        identifier=instance.id,
    )


def _create_instance(scope: Scope, base: GcpBaseResources, cache: CacheInstance) -> gcp.redis.Instance:
    context, received, settings = base.context, base.received, cache.settings
    # the tier cannot change: the cache of a standby region has one node in either role
    tier = "STANDARD_HA" if settings.high_availability and received is None else "BASIC"
    return gcp.redis.Instance(
        scope.named(),
        project=context.project,
        region=context.region,
        display_name=f"{cache.heading} of the stack {context.stack}",
        tier=tier,
        memory_size_gb=instance_memory_gib(settings.memory_gib),
        redis_version=VERSION,
        redis_configs={"maxmemory-policy": settings.eviction},
        auth_enabled=True,
        transit_encryption_mode="SERVER_AUTHENTICATION",
        customer_managed_key=base.keys.usable["redis"],
        connect_mode="PRIVATE_SERVICE_ACCESS",
        authorized_network=base.network.network_id,
        reserved_ip_range=base.network.private_range,
        persistence_config=gcp.redis.InstancePersistenceConfigArgs(
            persistence_mode="RDB", rdb_snapshot_period=SNAPSHOTS[SNAPSHOT_HOURS]
        ),
        maintenance_policy=_maintenance_policy(),
        deletion_protection=context.production,
        opts=scope.opts(ignore_changes=["tier"]) if is_passive(base.spec) else scope.opts(),
    )


def _ca_certificates(instance: gcp.redis.Instance) -> pulumi.Output[str]:
    """Return every CA certificate in one file; after five years the instance has two, until the first one expires."""
    return instance.server_ca_certs.apply(lambda values: "\n".join(value.cert or "" for value in values))


def _maintenance_policy() -> gcp.redis.InstanceMaintenancePolicyArgs:
    start = gcp.redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowStartTimeArgs(
        hours=MAINTENANCE_HOUR, minutes=0, seconds=0, nanos=0
    )
    return gcp.redis.InstanceMaintenancePolicyArgs(
        weekly_maintenance_windows=[
            gcp.redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowArgs(day=MAINTENANCE_DAY, start_time=start)
        ]
    )
