"""Stateful types and rotatable passwords on Kubernetes.

No type reports a running revision: an update waits until the new replicas of a Deployment are ready.
"""

from providers.contract.resource_traits import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
    STORES_TO_EXISTING,
    ReplacingChange,
    ResourceTraits,
    RotatablePassword,
    StatefulType,
)

DEPLOYMENT, CRON_JOB = "kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:CronJob"
NAMESPACE, STATEFUL_SET = "kubernetes:core/v1:Namespace", "kubernetes:apps/v1:StatefulSet"
VOLUME_CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
DATABASE_CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
BY_REPLACEMENT = (
    "rotation cannot yet verify that the services that use the {part} were replaced; run `pulumi up --stack {{stack}} "
    "--replace URN` with the URN of the password instead"
)

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType(NAMESPACE, "everything in the namespace, with the volumes of the database and the cache"),
        StatefulType(STATEFUL_SET, "data of the cache"),
        StatefulType(VOLUME_CLAIM, "traces"),
        StatefulType(DATABASE_CLUSTER, "data of the database"),
    ),
    running=(),
    replicas=DEPLOYMENT,
    losing=(
        *STORES_TO_EXISTING,
        ReplacingChange("kubernetes.namespace", "*", "an object cannot move to another namespace"),
        ReplacingChange("kubernetes.storage_class", "*", "the class of a volume cannot change"),
        ReplacingChange(
            "kubernetes.database.external", "*", "a database that runs elsewhere takes the place of the Cluster"
        ),
        ReplacingChange("kubernetes.cache.external", "*", "a cache that runs elsewhere takes the place of Valkey"),
    ),
    passwords=(
        RotatablePassword(DATABASE_PASSWORD, "Database", "database", refused=BY_REPLACEMENT.format(part="database")),
        RotatablePassword(CACHE_PASSWORD, "Cache", "cache", refused=BY_REPLACEMENT.format(part="cache")),
    ),
)
