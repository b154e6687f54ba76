"""Custom resources of CloudNativePG and of its plugin Barman Cloud as typed dictionaries. Pure.

Fields as in the CRDs `clusters` and `scheduledbackups` of postgresql.cnpg.io/v1 (CloudNativePG 1.30) and `objectstores` of
barmancloud.cnpg.io/v1 (plugin-barman-cloud 0.14); only those that the platform sets. Values may be Outputs.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

import pulumi

CLUSTER_API, STORE_API = "postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1"
PLUGIN = "barman-cloud.cloudnative-pg.io"
CLUSTER_LABEL, OPERATOR_LABELS = "cnpg.io/cluster", {"app.kubernetes.io/name": "cloudnative-pg"}
"""Label of every pod of a Cluster, and those of the operator's pods, in whichever namespace it runs."""
RELOAD_LABEL = {"cnpg.io/reload": ""}
"""Makes the operator read a changed Secret again."""
Text = pulumi.Input[str]


class LocalReference(TypedDict):
    """Object of the same namespace."""

    name: Text


class StoreKeyReference(TypedDict):
    """Key of a Secret of the same namespace."""

    name: Text
    key: str


class Resources(TypedDict):
    """Quantities by resource."""

    requests: Mapping[str, str]
    limits: Mapping[str, str]


class InitDb(TypedDict):
    """First initialization of a database."""

    database: str
    owner: str
    secret: LocalReference
    dataChecksums: bool
    encoding: str


class Recovery(TypedDict):
    """Restore of a backup, with all archived changes after it."""

    source: str
    database: str
    owner: str
    secret: LocalReference


class Bootstrap(TypedDict, total=False):
    """Where the data of a new Cluster comes from; exactly one."""

    initdb: InitDb
    recovery: Recovery


class Plugin(TypedDict):
    """Plugin of a Cluster and its parameters."""

    name: str
    isWALArchiver: NotRequired[bool]
    parameters: Mapping[str, Text]


class ExternalCluster(TypedDict):
    """Source of a restore."""

    name: str
    plugin: Plugin


class Storage(TypedDict):
    """Volume of each instance."""

    size: str
    storageClass: NotRequired[str]
    resizeInUseVolumes: bool


class Synchronous(TypedDict):
    """Synchronous replication."""

    method: Literal["any", "first"]
    number: int
    dataDurability: Literal["required", "preferred"]
    failoverQuorum: bool


class Postgresql(TypedDict):
    """Configuration of the server."""

    parameters: Mapping[str, str]
    pg_hba: Sequence[str]
    synchronous: NotRequired[Synchronous]


class Affinity(TypedDict):
    """Placement of instances on nodes."""

    enablePodAntiAffinity: bool
    podAntiAffinityType: Literal["required", "preferred"]
    topologyKey: str


class LabelSelector(TypedDict):
    """Selector by labels."""

    matchLabels: Mapping[str, str]


class SpreadConstraint(TypedDict):
    """Placement of instances in zones."""

    maxSkew: int
    topologyKey: str
    whenUnsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    labelSelector: LabelSelector


class InheritedMetadata(TypedDict):
    """Metadata of all objects that the operator creates for a Cluster."""

    labels: Mapping[str, object]


class ManagedRole(TypedDict):
    """Role of the server, whose password the operator sets from a Secret whenever that changes."""

    name: str
    ensure: Literal["present", "absent"]
    login: bool
    passwordSecret: LocalReference


class Managed(TypedDict):
    """Objects that the operator keeps in the server."""

    roles: Sequence[ManagedRole]


class ClusterSpec(TypedDict):
    """`spec` of a Cluster."""

    imageName: str
    imagePullSecrets: NotRequired[Sequence[LocalReference]]
    instances: int
    inheritedMetadata: InheritedMetadata
    bootstrap: Bootstrap
    plugins: NotRequired[Sequence[Plugin]]
    externalClusters: NotRequired[Sequence[ExternalCluster]]
    storage: Storage
    resources: Resources
    postgresql: Postgresql
    managed: NotRequired[Managed]
    affinity: NotRequired[Affinity]
    topologySpreadConstraints: NotRequired[Sequence[SpreadConstraint]]
    enablePDB: bool
    enableSuperuserAccess: bool
    primaryUpdateStrategy: Literal["unsupervised", "supervised"]
    primaryUpdateMethod: Literal["switchover", "restart"]


class S3Credentials(TypedDict):
    """Keys of the S3 API."""

    accessKeyId: StoreKeyReference
    secretAccessKey: StoreKeyReference
    region: StoreKeyReference


class Compression(TypedDict):
    """Compression of an upload."""

    compression: Literal["gzip"]


class StoreConfiguration(TypedDict):
    """Bucket and folder of backups."""

    destinationPath: str
    endpointURL: str
    s3Credentials: S3Credentials
    wal: Compression
    data: Compression


class Sidecar(TypedDict):
    """Container of the plugin in each instance."""

    resources: Resources


class ObjectStoreSpec(TypedDict):
    """`spec` of an ObjectStore."""

    configuration: StoreConfiguration
    retentionPolicy: str
    instanceSidecarConfiguration: Sidecar


class PluginReference(TypedDict):
    """Plugin that takes a backup."""

    name: str


class ScheduledBackupSpec(TypedDict):
    """`spec` of a ScheduledBackup; `schedule` has six fields, the first of which are seconds."""

    schedule: str
    cluster: LocalReference
    method: Literal["plugin"]
    pluginConfiguration: PluginReference
    immediate: bool
    backupOwnerReference: Literal["none", "self", "cluster"]
