"""Redis protocol: Azure Managed Redis, over TLS alone, with a key.

Its data is not sharded, because commands on several keys, which queues such as Celery's live by, fail across shards;
that bounds its memory. The key is made by Azure and read when the database stands; it travels in REDIS_URL and nowhere
else. A cache that drops nothing is a queue and writes every change to disk within a second; one that evicts does not.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.naming import cache_name
from providers.azure.network.endpoints import private_endpoint
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.ports import CACHE_PORT
from providers.azure.sizes import cache_sku
from providers.contract.component import Scope
from providers.contract.credentials import redis_url
from providers.contract.results import Cache
from providers.contract.spec import CacheSpec

EVICTION = {
    "noeviction": "NoEviction",
    "allkeys-lru": "AllKeysLRU",
    "allkeys-lfu": "AllKeysLFU",
    "allkeys-random": "AllKeysRandom",
    "volatile-lru": "VolatileLRU",
    "volatile-lfu": "VolatileLFU",
    "volatile-random": "VolatileRandom",
    "volatile-ttl": "VolatileTTL",
}

Cluster = azure_native.redisenterprise.RedisEnterprise
Data = azure_native.redisenterprise.Database


@dataclass(frozen=True)
class AzureCache(Cache):
    """`cluster_id` names the cluster in metrics."""

    cluster_id: pulumi.Output[str]


def create_cache(scope: Scope, base: AzureBaseResources) -> AzureCache:
    """One cluster with one database for the spec's cache."""
    wanted = base.spec.cache
    if wanted is None:
        raise ValueError("the platform has no cache")
    cluster = _cluster(scope, base, wanted)
    data = _data(scope, base, wanted, cluster)
    ready = private_endpoint(
        scope, base.context, base.network, "endpoint", cluster.id, "redisEnterprise", after=(data,)
    )
    send_to_logs(scope, base.logs, "diagnostics", cluster.id, log_group=None)
    send_to_logs(scope, base.logs, "data-diagnostics", data.id, metrics=None)
    url = redis_url(_key(scope, base, cluster, data), cluster.host_name, CACHE_PORT, tls=True)
    secret = create_secret(scope, base, "redis-url", url, base.spec.users_of("cache"))
    return AzureCache(
        host=cluster.host_name,
        port=CACHE_PORT,
        tls=True,
        url=replace(secret, grants=(*secret.grants, *ready)),
        cluster_id=cluster.id,
    )


def _cluster(scope: Scope, base: AzureBaseResources, wanted: CacheSpec) -> Cluster:
    """Azure places its nodes over the zones by itself."""
    return Cluster(
        scope.named(),
        resource_group_name=base.context.group,
        cluster_name=cache_name(base.context),
        sku=azure_native.redisenterprise.SkuArgs(name=cache_sku(wanted.memory_gib)),
        high_availability="Enabled" if wanted.high_availability else "Disabled",
        minimum_tls_version="1.2",
        public_network_access="Disabled" if base.spec.network.private_endpoints else "Enabled",
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _data(scope: Scope, base: AzureBaseResources, wanted: CacheSpec, cluster: Cluster) -> Data:
    queue = wanted.eviction == "noeviction"
    return Data(
        scope.named("data"),
        resource_group_name=base.context.group,
        cluster_name=cluster.name,
        # the only name there is
        database_name="default",
        port=CACHE_PORT,
        client_protocol="Encrypted",
        clustering_policy="NoCluster",
        eviction_policy=EVICTION[wanted.eviction],
        persistence=azure_native.redisenterprise.PersistenceArgs(
            aof_enabled=queue, aof_frequency="1s" if queue else None
        ),
        access_keys_authentication="Enabled",
        opts=scope.opts(),
    )


def _key(scope: Scope, base: AzureBaseResources, cluster: Cluster, data: Data) -> pulumi.Output[str]:
    """The first of the two keys; the SDK does not know that it is a secret."""
    keys = azure_native.redisenterprise.list_database_keys_output(
        resource_group_name=base.context.group,
        cluster_name=cluster.name,
        database_name=data.name,
        opts=pulumi.InvokeOutputOptions(parent=scope.parent, depends_on=[data]),
    )
    return pulumi.Output.secret(keys.apply(lambda known: known.primary_key))
