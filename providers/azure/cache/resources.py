"""Redis-compatible cache: Azure Managed Redis over TLS only, with an access key.

The data is not sharded, because multi-key commands, which queues such as Celery's use, fail across shards; this bounds
the memory. Azure generates the key, which is read after the database is created and is part of REDIS_URL only. A cache
that never evicts serves as a queue and persists every change within a second; one that evicts does not.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.data_key import AzureDataKey
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.cache.sizes import cache_sku
from providers.azure.naming import cache_name
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.flows import CACHE_PORT
from providers.azure.observability.logs import send_to_logs
from providers.contract.component import Scope
from providers.contract.credentials import redis_url
from providers.contract.region_specs import is_passive, is_standby
from providers.contract.results import Cache
from providers.contract.spec import CacheInstance, CacheSettings

EVICTION_POLICIES = {
    "noeviction": "NoEviction",
    "allkeys-lru": "AllKeysLRU",
    "allkeys-lfu": "AllKeysLFU",
    "allkeys-random": "AllKeysRandom",
    "volatile-lru": "VolatileLRU",
    "volatile-lfu": "VolatileLFU",
    "volatile-random": "VolatileRandom",
    "volatile-ttl": "VolatileTTL",
}

RedisCluster = azure_native.redisenterprise.RedisEnterprise
RedisDatabase = azure_native.redisenterprise.Database


@dataclass(frozen=True)
class AzureCache(Cache):
    """Redis-compatible cache; `cluster_id` identifies the cluster in metrics."""

    cluster_id: pulumi.Output[str]


def create_cache(scope: Scope, base: AzureBaseResources, cache: CacheInstance) -> AzureCache:
    """Declare a cluster with one database, its private endpoint and its connection secret."""
    cluster = _cluster(scope, base, cache)
    database = _database(scope, base, cache.settings, cluster)
    ready = private_endpoint(
        scope, base.context, base.network, "endpoint", cluster.id, "redisEnterprise", after=(database,)
    )
    send_to_logs(scope, base.logs, "diagnostics", cluster.id, log_group=None)
    send_to_logs(scope, base.logs, "data-diagnostics", database.id, metrics=None)
    url = redis_url(_access_key(scope, base, cluster, database), cluster.host_name, CACHE_PORT, tls=True)
    secret = create_secret(scope, base, "redis-url", url, cache.users, copied=False)
    return AzureCache(
        host=cluster.host_name,
        port=CACHE_PORT,
        tls=True,
        url=replace(secret, name=cache.named("redis-url"), grants=(*secret.grants, *ready)),
        cluster_id=cluster.id,
    )


def _cluster(scope: Scope, base: AzureBaseResources, cache: CacheInstance) -> RedisCluster:
    """Cluster whose nodes Azure distributes over the zones; that of the standby location has one node in either role.

    Azure removes no node of a cluster, so one that has two keeps them while its location does not serve.
    """
    settings, key = cache.settings, base.vault.key
    available = settings.high_availability and not is_standby(base.spec)
    return RedisCluster(
        scope.named(),
        resource_group_name=base.context.group,
        cluster_name=cache_name(base.context, cache.part),
        sku=azure_native.redisenterprise.SkuArgs(name=cache_sku(settings.memory_gib)),
        high_availability="Enabled" if available else "Disabled",
        minimum_tls_version="1.2",
        identity=azure_native.redisenterprise.ManagedServiceIdentityArgs(
            type="UserAssigned", user_assigned_identities=[key.identity_id]
        )
        if key
        else None,
        encryption=_encryption(key) if key else None,
        public_network_access="Disabled" if base.spec.network.private_endpoints else "Enabled",
        tags=dict(scope.tags),
        opts=scope.opts(
            ignore_changes=["highAvailability"] if is_passive(base.spec) else [],
            depends_on=[key.ready] if key else [],
        ),
    )


def _encryption(key: AzureDataKey) -> azure_native.redisenterprise.ClusterPropertiesEncryptionArgs:
    """Encryption of the disks with the first version of the stack's key: a cluster accepts no key without a version."""
    redis = azure_native.redisenterprise
    return redis.ClusterPropertiesEncryptionArgs(
        customer_managed_key_encryption=redis.ClusterPropertiesCustomerManagedKeyEncryptionArgs(
            key_encryption_key_identity=redis.ClusterPropertiesKeyEncryptionKeyIdentityArgs(
                identity_type="userAssignedIdentity", user_assigned_identity_resource_id=key.identity_id
            ),
            key_encryption_key_url=key.version_uri,
        )
    )


def _database(scope: Scope, base: AzureBaseResources, settings: CacheSettings, cluster: RedisCluster) -> RedisDatabase:
    persistent = settings.eviction == "noeviction"
    return RedisDatabase(
        scope.named("data"),
        resource_group_name=base.context.group,
        cluster_name=cluster.name,
        # the API accepts no other name
        database_name="default",
        port=CACHE_PORT,
        client_protocol="Encrypted",
        clustering_policy="NoCluster",
        eviction_policy=EVICTION_POLICIES[settings.eviction],
        persistence=azure_native.redisenterprise.PersistenceArgs(
            aof_enabled=persistent, aof_frequency="1s" if persistent else None
        ),
        access_keys_authentication="Enabled",
        opts=scope.opts(),
    )


def _access_key(
    scope: Scope, base: AzureBaseResources, cluster: RedisCluster, database: RedisDatabase
) -> pulumi.Output[str]:
    """Primary access key, marked as a secret because the SDK does not."""
    keys = azure_native.redisenterprise.list_database_keys_output(
        resource_group_name=base.context.group,
        cluster_name=cluster.name,
        database_name=database.name,
        opts=pulumi.InvokeOutputOptions(parent=scope.parent, depends_on=[database]),
    )
    return pulumi.Output.secret(keys.apply(lambda result: result.primary_key))
