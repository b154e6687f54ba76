"""Stateful types and rotatable passwords on Kubernetes."""

from providers.contract.resource_traits import PASSWORD_TYPE, ResourceTraits, StatefulType

DEPLOYMENT, CRON_JOB = "kubernetes:apps/v1:Deployment", "kubernetes:batch/v1:CronJob"
NAMESPACE, STATEFUL_SET = "kubernetes:core/v1:Namespace", "kubernetes:apps/v1:StatefulSet"
DATABASE_CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"

RESOURCE_TRAITS = ResourceTraits(
    stateful=(
        StatefulType(NAMESPACE, "everything in the namespace, with the volumes of the database and the cache"),
        StatefulType(STATEFUL_SET, "data of the cache"),
        StatefulType(DATABASE_CLUSTER, "data of the database"),
    ),
    running=(),
    kept=frozenset({PASSWORD_TYPE}),
    passwords=(),
)
