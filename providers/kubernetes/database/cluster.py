"""Settings of the Cluster of CloudNativePG and of its backups. Pure."""

from collections.abc import Mapping, Sequence

import pulumi

from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import minutes_of
from providers.kubernetes.base.platform_images import postgres_image
from providers.kubernetes.base.pods import cpu_quantity, memory_quantity
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.database.custom_resources import (
    CLUSTER_LABEL,
    PLUGIN,
    Affinity,
    Bootstrap,
    ClusterSpec,
    LocalReference,
    ObjectStoreSpec,
    Plugin,
    Postgresql,
    Resources,
    ScheduledBackupSpec,
    SpreadConstraint,
    Storage,
)
from providers.kubernetes.database.parameters import server_parameters
from providers.kubernetes.naming import DATABASE
from providers.kubernetes.pod_sizes import DATABASE_INSTANCES, DATABASE_SIDECAR

DATABASE_NAME, USERNAME = "agents", "platform"
STORE = "database-backups"
"""Name of the ObjectStore."""
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
TLS_ONLY = "hostnossl all all all reject"
"""First line of the user's rules in pg_hba.conf; the operator's last one would accept connections without TLS."""
KEY_ID, SECRET_KEY, REGION_KEY = "access-key-id", "secret-access-key", "region"  # keys of a Secret


def quantities(vcpu: float, memory_gib: float) -> Resources:
    """Requests equal to limits."""
    values = {"cpu": cpu_quantity(vcpu), "memory": memory_quantity(memory_gib)}
    return {"requests": dict(values), "limits": dict(values)}


def cluster_spec(
    context: KubernetesContext,
    database: DatabaseSpec,
    bootstrap: Bootstrap,
    tags: Mapping[str, object],
    *,
    plugins: Sequence[Plugin] = (),
    pull_secrets: Sequence[pulumi.Input[str]] = (),
    component: str = DATABASE,
    instances: int | None = None,
) -> ClusterSpec:
    """Settings of a Cluster; that of a restore drill has another component and one instance."""
    count = instances or (DATABASE_INSTANCES if database.high_availability else 1)
    spec: ClusterSpec = {
        "imageName": postgres_image(context.spec, database.version),
        "instances": count,
        "inheritedMetadata": {"labels": context.labels(component, tags)},
        "bootstrap": bootstrap,
        "storage": storage_of(context, database),
        "resources": quantities(database.size.vcpu, database.size.memory_gib),
        "postgresql": _postgresql(database, count),
        # with one instance a disruption budget would block every drain of its node
        "enablePDB": count > 1,
        "enableSuperuserAccess": False,
        "primaryUpdateStrategy": "unsupervised",
        "primaryUpdateMethod": "switchover" if count > 1 else "restart",
    }
    if count > 1:
        spec["affinity"] = _affinity(context)
        spec["topologySpreadConstraints"] = [_zones(context, component)]
    if plugins:
        spec["plugins"] = plugins
    if pull_secrets:
        spec["imagePullSecrets"] = [LocalReference(name=name) for name in pull_secrets]
    return spec


def storage_of(context: KubernetesContext, database: DatabaseSpec) -> Storage:
    """Volume of an instance, which grows when `database.storage_gib` does."""
    storage: Storage = {"size": f"{database.storage_gib}Gi", "resizeInUseVolumes": True}
    if context.block.storage_class is not None:
        storage["storageClass"] = context.block.storage_class
    return storage


def _postgresql(database: DatabaseSpec, instances: int) -> Postgresql:
    settings: Postgresql = {"parameters": server_parameters(database), "pg_hba": [TLS_ONLY]}
    if instances > 1:
        # a write waits for one replica while there is one, and only an instance that has every such write is promoted
        settings["synchronous"] = {
            "method": "any",
            "number": 1,
            "dataDurability": "preferred",
            "failoverQuorum": True,
        }
    return settings


def _affinity(context: KubernetesContext) -> Affinity:
    """One instance a node, in production also when that leaves an instance waiting for a node."""
    required = "required" if context.production else "preferred"
    return {"enablePodAntiAffinity": True, "podAntiAffinityType": required, "topologyKey": HOSTNAME}


def _zones(context: KubernetesContext, cluster: str) -> SpreadConstraint:
    return {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule" if context.production else "ScheduleAnyway",
        "labelSelector": {"matchLabels": {CLUSTER_LABEL: cluster}},
    }


def archive_plugin(folder: pulumi.Input[str]) -> Plugin:
    """Plugin that archives every change to `folder` of the bucket and takes the backups."""
    return {
        "name": PLUGIN,
        "isWALArchiver": True,
        "parameters": {"barmanObjectName": STORE, "serverName": folder},
    }


def object_store_spec(
    context: KubernetesContext, database: DatabaseSpec, credentials: pulumi.Input[str]
) -> ObjectStoreSpec:
    """Bucket of the backups, with keys in the Secret `credentials`; raises ValueError without `kubernetes.bucket`."""
    bucket = context.block.bucket
    if bucket is None:
        raise ValueError("backups need kubernetes.bucket")
    return {
        "configuration": {
            "destinationPath": f"s3://{bucket.name}/{context.namespace}/",
            "endpointURL": bucket.endpoint_url,
            "s3Credentials": {
                "accessKeyId": {"name": credentials, "key": KEY_ID},
                "secretAccessKey": {"name": credentials, "key": SECRET_KEY},
                "region": {"name": credentials, "key": REGION_KEY},
            },
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip"},
        },
        "retentionPolicy": f"{database.backup.retention_days}d",
        "instanceSidecarConfiguration": {"resources": quantities(DATABASE_SIDECAR.vcpu, DATABASE_SIDECAR.memory_gib)},
    }


def scheduled_backup_spec(database: DatabaseSpec) -> ScheduledBackupSpec:
    """A backup each night at the start of the window (UTC), and the first one at once."""
    hour, minute = divmod(minutes_of(database.backup.window_start), 60)
    return {
        "schedule": f"0 {minute} {hour} * * *",
        "cluster": {"name": DATABASE},
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
        "immediate": True,
        "backupOwnerReference": "self",
    }
