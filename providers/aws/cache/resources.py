"""ElastiCache for Valkey, encrypted at rest and in transit, with a password.

A replication group of one shard, because clients of several shards need the cluster protocol, which queues such as
Celery do not support. The identifier is fixed, so that alarms can name the nodes (`prod-cache-001`, ...) in advance.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.cache.sizes import RESERVED_PERCENT, SNAPSHOT_DAYS, cache_node
from providers.aws.naming import cache_identifier
from providers.aws.network.flows import CACHE_PORT
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheInstance, CacheSettings

ENGINE = "valkey"
ENGINE_VERSION = "8.1"
FAMILY = "valkey8"
SNAPSHOT_WINDOW = "02:00-03:00"
MAINTENANCE_WINDOW = "sun:04:00-sun:05:00"
ROTATION = "ROTATE"
"""A new password is added next to the previous one, so that clients with the previous one keep working."""
LOGS = ("slow-log", "engine-log")


@dataclass(frozen=True)
class AwsCache(Cache):
    """Cache with `node_ids`, which identify the nodes in metrics (`<group>-001`, ...)."""

    node_ids: tuple[pulumi.Output[str], ...]


def create_cache(scope: Scope, base: AwsBaseResources, cache: CacheInstance) -> AwsCache:
    """Declare the replication group of a cache."""
    password = generated_password(scope)
    group = _replication_group(scope, base, cache, password)
    url = redis_url(password, group.primary_endpoint_address, CACHE_PORT, tls=True)
    nodes = range(1, _node_count(cache.settings) + 1)
    return AwsCache(
        host=group.primary_endpoint_address,
        port=CACHE_PORT,
        tls=True,
        url=create_secret(scope, base, "redis-url", url, cache.users, copied=False),
        node_ids=tuple(pulumi.Output.concat(group.replication_group_id, f"-{node:03}") for node in nodes),
    )


def _node_count(settings: CacheSettings) -> int:
    return 2 if settings.high_availability else 1


def _replication_group(
    scope: Scope, base: AwsBaseResources, cache: CacheInstance, password: pulumi.Output[str]
) -> aws.elasticache.ReplicationGroup:
    settings = cache.settings
    return aws.elasticache.ReplicationGroup(
        scope.named(),
        replication_group_id=cache_identifier(base.context.stack, cache.part),
        description=f"{cache.heading} of the stack {base.context.stack}",
        engine=ENGINE,
        engine_version=ENGINE_VERSION,
        auto_minor_version_upgrade=True,
        apply_immediately=False,
        node_type=cache_node(settings.memory_gib),
        num_cache_clusters=_node_count(settings),
        automatic_failover_enabled=settings.high_availability,
        multi_az_enabled=settings.high_availability,
        parameter_group_name=_parameter_group(scope, settings).name,
        port=CACHE_PORT,
        subnet_group_name=_subnet_group(scope, base).name,
        security_group_ids=[base.network.groups.caches[cache.key].id],
        at_rest_encryption_enabled=True,
        kms_key_id=base.keys.data,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        auth_token=password,
        auth_token_update_strategy=ROTATION,
        snapshot_retention_limit=SNAPSHOT_DAYS,
        snapshot_window=SNAPSHOT_WINDOW,
        maintenance_window=MAINTENANCE_WINDOW,
        log_delivery_configurations=[_log_delivery(scope, base, cache.part, log) for log in LOGS],
        opts=scope.opts(replacement_trigger=base.network.trigger(base.spec)),
    )


def _parameter_group(scope: Scope, settings: CacheSettings) -> aws.elasticache.ParameterGroup:
    parameters = {"maxmemory-policy": settings.eviction, "reserved-memory-percent": str(RESERVED_PERCENT)}
    return aws.elasticache.ParameterGroup(
        scope.named("parameters"),
        family=FAMILY,
        description="Eviction and reserve of the platform's cache",
        parameters=[
            aws.elasticache.ParameterGroupParameterArgs(name=name, value=value) for name, value in parameters.items()
        ],
        opts=scope.opts(),
    )


def _subnet_group(scope: Scope, base: AwsBaseResources) -> aws.elasticache.SubnetGroup:
    return aws.elasticache.SubnetGroup(
        scope.named("subnets"),
        description="Database tier of the platform's network",
        subnet_ids=list(base.network.database_subnet_ids),
        opts=scope.opts(replacement_trigger=base.network.trigger(base.spec)),
    )


def _log_delivery(
    scope: Scope, base: AwsBaseResources, part: str, log: str
) -> aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs:
    log_group = create_log_group(scope, log, base.context, base.keys.telemetry, base.context.log_group(part, log))
    return aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
        destination=log_group.name,
        destination_type="cloudwatch-logs",
        log_format="json",
        log_type=log,
    )
