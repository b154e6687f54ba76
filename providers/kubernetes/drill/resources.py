"""Restore drill: a CronJob restores the newest backup with all archived changes into a separate Cluster, queries and deletes it.

The drill runs with the image of the database, which has Python and psql. Its service account may create a Cluster and read or
delete the one of the drill; no other pod of the namespace has a token of the API server. The restored server has its own password.
"""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.contract.credentials import generated_password
from providers.contract.drill import MAX_DRILL_SECONDS, QUERY_SCRIPT, drill_of, drill_schedule
from providers.kubernetes.base.identity import create_account
from providers.kubernetes.base.platform_images import postgres_image
from providers.kubernetes.base.pods import container_security, pod_security, resources, tmp_mount, tmp_volume
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import generated_name, metadata, pod_metadata, selector
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.database.cluster import DATABASE_NAME, STORE, USERNAME, cluster_spec
from providers.kubernetes.database.custom_resources import CLUSTER_API, PLUGIN, Bootstrap, ExternalCluster
from providers.kubernetes.database.network import api_server_rule, create_database_policy
from providers.kubernetes.database.resources import KubernetesDatabase, create_login
from providers.kubernetes.drill.limits import CLUSTER, SCRIPT
from providers.kubernetes.naming import CONFIG_FOLDER, DRILL
from providers.kubernetes.network.flows import DATABASE_PORT
from providers.kubernetes.network.policies import allow_to, component_peer, create_policy

SOURCE = "backups"
FILES = "files"
VCPU, MEMORY_GIB = 0.25, 0.25
DELETE_SECONDS = 900
"""Time for the deletion of the restored database after a restore that took as long as it may."""
KEPT_RUNS = 3


@dataclass(frozen=True)
class KubernetesDrill:
    """CronJob of the drill."""

    schedule: str


def create_drill(scope: Scope, base: KubernetesBaseResources, database: KubernetesDatabase) -> KubernetesDrill:
    """Restore drill, in its own component; raises ValueError without backups, which `limits.py` refuses."""
    if database.folder is None:
        raise ValueError("the database has no backups")
    context, schedule = base.context, drill_schedule(drill_of(base.spec)).text
    login = create_login(scope, base, "login", generated_password(scope))
    files = kubernetes.core.v1.ConfigMap(
        scope.named("files"),
        metadata=metadata(scope, context, DRILL),
        immutable=True,
        data={
            "restore_drill.py": SCRIPT.read_text(),
            "drill_query.sh": QUERY_SCRIPT.read_text(),
            "cluster.json": _manifest(scope, base, database.folder, generated_name(login)),
        },
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    rights = _rights(scope, base)
    policies = _policies(scope, base)
    spec = _job(scope, base, files=generated_name(files), login=generated_name(login), folder=database.folder)
    kubernetes.batch.v1.CronJob(
        scope.named("schedule"),
        metadata=metadata(scope, context, DRILL, DRILL),
        spec=kubernetes.batch.v1.CronJobSpecArgs(
            schedule=schedule,
            time_zone="Etc/UTC",
            concurrency_policy="Forbid",
            starting_deadline_seconds=3600,
            successful_jobs_history_limit=KEPT_RUNS,
            failed_jobs_history_limit=KEPT_RUNS,
            job_template=kubernetes.batch.v1.JobTemplateSpecArgs(spec=spec),
        ),
        # a run without its role or its policies would fail; no Output says that these come first
        opts=scope.opts(depends_on=[*base.ready(), *rights, *policies]),
    )
    return KubernetesDrill(schedule)


def _manifest(
    scope: Scope, base: KubernetesBaseResources, folder: pulumi.Output[str], login: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Cluster that is restored, as JSON."""
    spec, context = base.spec.database, base.context
    if spec is None:
        raise ValueError("the platform has no database")
    bootstrap: Bootstrap = {
        "recovery": {"source": SOURCE, "database": DATABASE_NAME, "owner": USERNAME, "secret": {"name": login}}
    }
    source: ExternalCluster = {
        "name": SOURCE,
        "plugin": {"name": PLUGIN, "parameters": {"barmanObjectName": STORE, "serverName": folder}},
    }
    restored = cluster_spec(
        context,
        spec,
        bootstrap,
        scope.tags,
        pull_secrets=base.registry.pull_secrets,
        component=CLUSTER,
        instances=1,
    )
    restored["externalClusters"] = [source]
    labels = context.labels(CLUSTER, scope.tags)
    return pulumi.Output.json_dumps(
        {
            "apiVersion": CLUSTER_API,
            "kind": "Cluster",
            "metadata": {"name": CLUSTER, "namespace": context.namespace, "labels": labels},
            "spec": restored,
        },
        sort_keys=True,
    )


def _rights(scope: Scope, base: KubernetesBaseResources) -> list[pulumi.Resource]:
    """Role that may create Clusters, and read and delete that of the drill; names cannot limit the creation of objects."""
    context = base.context
    account = create_account(scope, context, DRILL, base.registry, base.network.namespace)
    rule = {"api_groups": [CLUSTER_API.partition("/")[0]], "resources": ["clusters"]}
    role = kubernetes.rbac.v1.Role(
        scope.named("role"),
        metadata=metadata(scope, context, DRILL, DRILL),
        rules=[
            kubernetes.rbac.v1.PolicyRuleArgs(**rule, verbs=["create"]),
            kubernetes.rbac.v1.PolicyRuleArgs(**rule, verbs=["get", "delete"], resource_names=[CLUSTER]),
        ],
        # an object of a namespace cannot be created before it; no Output says so
        opts=scope.opts(depends_on=[base.network.namespace]),
    )
    binding = kubernetes.rbac.v1.RoleBinding(
        scope.named("binding"),
        metadata=metadata(scope, context, DRILL, DRILL),
        role_ref=kubernetes.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=DRILL),
        subjects=[kubernetes.rbac.v1.SubjectArgs(kind="ServiceAccount", name=DRILL, namespace=context.namespace)],
        opts=scope.opts(depends_on=[role, account]),
    )
    return [account, role, binding]


def _policies(scope: Scope, base: KubernetesBaseResources) -> list[pulumi.Resource]:
    """Connections of the restored server, and of the drill to it and to the API server."""
    restored = create_database_policy(scope, base, CLUSTER, CLUSTER, clients=[DRILL])
    own = create_policy(
        scope,
        base.context,
        DRILL,
        selector(base.context, DRILL),
        component=DRILL,
        egress=[
            allow_to([component_peer(base.context, CLUSTER)], DATABASE_PORT),
            api_server_rule(base.context),
        ],
        depends_on=[base.network.namespace],
    )
    return [restored, own]


def _job(
    scope: Scope,
    base: KubernetesBaseResources,
    *,
    files: pulumi.Output[str],
    login: pulumi.Output[str],
    folder: pulumi.Output[str],
) -> "kubernetes.batch.v1.JobSpecArgs":
    """Job of one drill, which is not repeated: the alarm on the age of the restored backup is its retry."""
    pod = kubernetes.core.v1.PodSpecArgs(
        service_account_name=DRILL,
        automount_service_account_token=True,
        enable_service_links=False,
        restart_policy="Never",
        security_context=pod_security(),
        containers=[_container(base, login, folder)],
        volumes=[
            tmp_volume(),
            kubernetes.core.v1.VolumeArgs(
                name=FILES, config_map=kubernetes.core.v1.ConfigMapVolumeSourceArgs(name=files)
            ),
        ],
    )
    template = kubernetes.core.v1.PodTemplateSpecArgs(metadata=pod_metadata(scope, base.context, DRILL), spec=pod)
    return kubernetes.batch.v1.JobSpecArgs(
        backoff_limit=0, active_deadline_seconds=MAX_DRILL_SECONDS + DELETE_SECONDS, template=template
    )


def _container(
    base: KubernetesBaseResources, login: pulumi.Output[str], folder: pulumi.Output[str]
) -> "kubernetes.core.v1.ContainerArgs":
    context, spec = base.context, base.spec
    version = spec.database.version if spec.database else ""
    plain: dict[str, pulumi.Input[str]] = {
        "DRILL_FILES": CONFIG_FOLDER,
        "DRILL_FOLDER": folder,
        "DRILL_QUERY": drill_of(spec).query,
        "PGDATABASE": DATABASE_NAME,
        "PGHOST": _host(context),
        "PGSSLMODE": "require",
        "PGUSER": USERNAME,
    }
    password = kubernetes.core.v1.SecretKeySelectorArgs(name=login, key="password")
    return kubernetes.core.v1.ContainerArgs(
        name=DRILL,
        image=postgres_image(spec, version),
        image_pull_policy="IfNotPresent",
        command=["python3", f"{CONFIG_FOLDER}/restore_drill.py"],
        env=[
            *(kubernetes.core.v1.EnvVarArgs(name=name, value=value) for name, value in plain.items()),
            kubernetes.core.v1.EnvVarArgs(
                name="PGPASSWORD", value_from=kubernetes.core.v1.EnvVarSourceArgs(secret_key_ref=password)
            ),
        ],
        resources=resources(VCPU, MEMORY_GIB),
        security_context=container_security(),
        volume_mounts=[
            tmp_mount(),
            kubernetes.core.v1.VolumeMountArgs(name=FILES, mount_path=CONFIG_FOLDER, read_only=True),
        ],
    )


def _host(context: KubernetesContext) -> str:
    return context.host(f"{CLUSTER}-rw")
