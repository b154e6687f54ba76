"""Redis protocol: ElastiCache for Valkey, encrypted on disk and on the wire, with a password.

A replication group of one shard, because clients of a sharded one must speak the cluster protocol, which queues such as
Celery's do not. The identifier is fixed, so that alarms can name the nodes (`prod-cache-001`, ...) before they stand.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.naming import cache_identifier
from providers.aws.observability.logs import create_log_group
from providers.aws.ports import CACHE_PORT
from providers.aws.sizes import RESERVED_PERCENT, cache_node
from providers.contract.component import Scope
from providers.contract.credentials import generated_password, redis_url
from providers.contract.results import Cache
from providers.contract.spec import Cache as Wanted

ENGINE = "valkey"
ENGINE_VERSION = "8.1"
FAMILY = "valkey8"
SNAPSHOT_DAYS = 7
SNAPSHOT_WINDOW = "02:00-03:00"
MAINTENANCE_WINDOW = "sun:04:00-sun:05:00"
ROTATION = "ROTATE"
"""A new password is added beside the old one, so that clients which still hold the old one keep working."""
LOGS = ("slow-log", "engine-log")


@dataclass(frozen=True)
class AwsCache(Cache):
    """`node_ids` name the nodes in metrics (`<group>-001`, ...)."""

    node_ids: tuple[pulumi.Output[str], ...]


def create_cache(room: Scope, ground: AwsBaseResources) -> AwsCache:
    """One replication group for the spec's cache."""
    wanted = ground.spec.cache
    if wanted is None:
        raise ValueError("the platform has no cache")
    password = generated_password(room)
    group = _replication_group(room, ground, wanted, password)
    url = redis_url(password, group.primary_endpoint_address, CACHE_PORT, tls=True)
    nodes = range(1, _node_count(wanted) + 1)
    return AwsCache(
        host=group.primary_endpoint_address,
        port=CACHE_PORT,
        tls=True,
        url=create_secret(room, ground, "redis-url", url, ground.spec.users_of("cache")),
        node_ids=tuple(pulumi.Output.concat(group.replication_group_id, f"-{node:03}") for node in nodes),
    )


def _node_count(wanted: Wanted) -> int:
    return 2 if wanted.high_availability else 1


def _replication_group(
    room: Scope, ground: AwsBaseResources, wanted: Wanted, password: pulumi.Output[str]
) -> aws.elasticache.ReplicationGroup:
    group = ground.network.groups.cache
    return aws.elasticache.ReplicationGroup(
        room.named(),
        replication_group_id=cache_identifier(ground.site.stack),
        description=f"Cache of the stack {ground.site.stack}",
        engine=ENGINE,
        engine_version=ENGINE_VERSION,
        auto_minor_version_upgrade=True,
        apply_immediately=False,
        node_type=cache_node(wanted.memory_gib),
        num_cache_clusters=_node_count(wanted),
        automatic_failover_enabled=wanted.high_availability,
        multi_az_enabled=wanted.high_availability,
        parameter_group_name=_parameter_group(room, wanted).name,
        port=CACHE_PORT,
        subnet_group_name=_subnets(room, ground).name,
        security_group_ids=[group.id] if group else [],
        at_rest_encryption_enabled=True,
        kms_key_id=ground.keys.data,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        auth_token=password,
        auth_token_update_strategy=ROTATION,
        snapshot_retention_limit=SNAPSHOT_DAYS,
        snapshot_window=SNAPSHOT_WINDOW,
        maintenance_window=MAINTENANCE_WINDOW,
        log_delivery_configurations=[_delivery(room, ground, log) for log in LOGS],
        opts=room.opts(),
    )


def _parameter_group(room: Scope, wanted: Wanted) -> aws.elasticache.ParameterGroup:
    parameters = {"maxmemory-policy": wanted.eviction, "reserved-memory-percent": str(RESERVED_PERCENT)}
    return aws.elasticache.ParameterGroup(
        room.named("parameters"),
        family=FAMILY,
        description="Eviction and reserve of the platform's cache",
        parameters=[
            aws.elasticache.ParameterGroupParameterArgs(name=name, value=value) for name, value in parameters.items()
        ],
        opts=room.opts(),
    )


def _subnets(room: Scope, ground: AwsBaseResources) -> aws.elasticache.SubnetGroup:
    return aws.elasticache.SubnetGroup(
        room.named("subnets"),
        description="Database tier of the platform's network",
        subnet_ids=list(ground.network.database_subnet_ids),
        opts=room.opts(),
    )


def _delivery(
    room: Scope, ground: AwsBaseResources, log: str
) -> aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs:
    log_group = create_log_group(room, log, ground.site, ground.keys.telemetry, ground.site.log_group("cache", log))
    return aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
        destination=log_group.name,
        destination_type="cloudwatch-logs",
        log_format="json",
        log_type=log,
    )
