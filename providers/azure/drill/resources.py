"""Restore drill of the database: its group, the job that restores and queries, and the job that reports.

Azure has no restore test. A job restores the server to a time shortly before into another server in the same
subnet, lets a second container query it, deletes it and prints the evidence. The restored server is in a resource group in
which nothing else is, so that the job has no right on the platform's server but to read it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.environment import WORKLOAD_PROFILE
from providers.azure.database.resources import DATABASE_NAME, USERNAME, AzureDatabase
from providers.azure.drill.limits import POINT_SECONDS
from providers.azure.drill.rights import (
    DrillPlace,
    UserAssignedIdentity,
    create_identity,
    drill_place,
    grant_report,
    grant_restore,
)
from providers.azure.jobs.resources import job_trigger
from providers.azure.naming import copy_prefix, drill_group, drill_job, report_job
from providers.azure.network.flows import DATABASE_PORT
from providers.azure.tasks import API_VERSION as JOB_API_VERSION
from providers.contract.component import Scope
from providers.contract.drill import (
    AGE_METRIC,
    LEFTOVER_SECONDS,
    LEFTOVERS_METRIC,
    MAX_DRILL_SECONDS,
    QUERY_SCRIPT,
    drill_of,
    drill_schedule,
)
from providers.contract.region_specs import is_passive

FOLDER = Path(__file__).parent
CLI_IMAGE = "mcr.microsoft.com/azure-cli:2.91.0"
QUERY_IMAGE = "public.ecr.aws/docker/library/postgres:18"
"""Docker official image; its psql connects to servers of every supported version."""
SERVER_API_VERSION = "2025-08-01"
"""Microsoft.DBforPostgreSQL/flexibleServers, that of the SDK."""
START_SECONDS, QUERY_SECONDS = 1800, 1800
"""Time until a server that is restored must exist, and time to connect and for the query, which may take ten minutes."""
RESTORE_SECONDS = MAX_DRILL_SECONDS - START_SECONDS - QUERY_SECONDS
REPORT_SECONDS = 600
EXCHANGE, EXCHANGE_FOLDER = "exchange", "/exchange"
PASSWORD = "database-password"  # noqa: S105  # a name
Variables = Mapping[str, pulumi.Input[str]]
Container = azure_native.app.ContainerArgs


@dataclass(frozen=True)
class AzureDrill:
    """Name of the job that restores."""

    job: pulumi.Output[str]


def create_drill(scope: Scope, base: AzureBaseResources, database: AzureDatabase) -> AzureDrill:
    """Declare the group, identities with their roles, and both jobs."""
    place = drill_place(base)
    group = azure_native.resources.ResourceGroup(
        scope.named(),
        resource_group_name=drill_group(base.context),
        location=base.context.region,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    restores, reports = (create_identity(scope, base, part) for part in ("restores", "reports"))
    rights = grant_restore(scope, base, database, place, group, restores)
    job = _drill_job(scope, base, database, place, restores, rights)
    read = grant_report(scope, base, group, job.id, reports)
    _report_job(scope, base, reports, job.id, read)
    return AzureDrill(job.name)


def _drill_job(
    scope: Scope,
    base: AzureBaseResources,
    database: AzureDatabase,
    place: DrillPlace,
    identity: UserAssignedIdentity,
    after: Sequence[pulumi.Resource],
) -> "azure_native.app.Job":
    """Declare the job that restores, on the schedule of the spec; a replica, which does not write, has no backups to restore."""
    if database.password is None:
        raise ValueError("the password of the database is not stored")
    context, app = base.context, azure_native.app
    secret = app.SecretArgs(name=PASSWORD, key_vault_url=database.password.version, identity=identity.id)
    mounts = [app.VolumeMountArgs(volume_name=EXCHANGE, mount_path=EXCHANGE_FOLDER)]
    containers = [
        _container("restore", CLI_IMAGE, "restore.sh", _restore_variables(scope, base, database, place, identity)),
        _container(
            "query",
            QUERY_IMAGE,
            "wait_and_query.sh",
            _query_variables(base),
            secrets=[app.EnvironmentVarArgs(name="PGPASSWORD", secret_ref=PASSWORD)],
        ),
    ]
    for container in containers:
        container.volume_mounts = mounts
    schedule = None if is_passive(base.spec) else drill_schedule(drill_of(base.spec)).text
    return _job(
        scope, base, "job", drill_job(context), schedule, MAX_DRILL_SECONDS, identity,
        containers, [*after, *database.password.grants], secrets=[secret],
        volumes=[app.VolumeArgs(name=EXCHANGE, storage_type="EmptyDir")],
    )  # fmt: skip


def _restore_variables(
    scope: Scope, base: AzureBaseResources, database: AzureDatabase, place: DrillPlace, identity: UserAssignedIdentity
) -> Variables:
    context, key = base.context, base.vault.key
    return {
        "API_VERSION": SERVER_API_VERSION,
        "AZURE_CLIENT_ID": identity.client_id,
        "COPY_PREFIX": copy_prefix(context),
        "DRILL_GROUP_ID": context.drill_group_id,
        "DRILL_TAGS": json.dumps(dict(scope.tags), sort_keys=True),
        "EXCHANGE": EXCHANGE_FOLDER,
        "LOCATION": context.region,
        "MAX_DRILL_SECONDS": str(MAX_DRILL_SECONDS),
        "POINT_SECONDS": str(POINT_SECONDS),
        "QUERY_SECONDS": str(QUERY_SECONDS),
        "RESTORE_SECONDS": str(RESTORE_SECONDS),
        "SOURCE_ID": database.server_id,
        "START_SECONDS": str(START_SECONDS),
        "SUBNET_ID": place.subnet_id,
        "ZONE_ID": place.zone_id,
        **({"KEY_IDENTITY_ID": key.identity_id, "KEY_URI": key.uri} if key else {}),
    }


def _query_variables(base: AzureBaseResources) -> Variables:
    return {
        "DRILL_QUERY": drill_of(base.spec).query,
        "EXCHANGE": EXCHANGE_FOLDER,
        "PGDATABASE": DATABASE_NAME,
        "PGPORT": str(DATABASE_PORT),
        "PGSSLMODE": "require",
        "PGUSER": USERNAME,
        "QUERY_SCRIPT": QUERY_SCRIPT.read_text(encoding="utf-8"),
    }


def _report_job(
    scope: Scope,
    base: AzureBaseResources,
    identity: UserAssignedIdentity,
    job_id: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> None:
    """Declare the job that reports age and leftovers."""
    context = base.context
    variables: Variables = {
        "AGE_METRIC": AGE_METRIC,
        "API_VERSION": SERVER_API_VERSION,
        "AZURE_CLIENT_ID": identity.client_id,
        "COPY_PREFIX": copy_prefix(context),
        "DRILL_GROUP_ID": context.drill_group_id,
        "JOB_API_VERSION": JOB_API_VERSION,
        "JOB_ID": job_id,
        "LEFTOVERS_METRIC": LEFTOVERS_METRIC,
        "LEFTOVER_SECONDS": str(LEFTOVER_SECONDS),
        "POINT_SECONDS": str(POINT_SECONDS),
    }
    container = _container("report", CLI_IMAGE, "report.sh", variables)
    _job(scope, base, "report", report_job(context), "20 * * * *", REPORT_SECONDS, identity, [container], after)


def _container(
    name: str,
    image: str,
    script: str,
    variables: Variables,
    secrets: Sequence[azure_native.app.EnvironmentVarArgs] = (),
) -> Container:
    app = azure_native.app
    plain = [app.EnvironmentVarArgs(name=key, value=value) for key, value in sorted(variables.items())]
    return Container(
        name=name,
        image=image,
        command=["/bin/sh", "-c"],
        args=[(FOLDER / script).read_text(encoding="utf-8")],
        env=[*plain, *secrets],
        resources=app.ContainerResourcesArgs(cpu=0.5, memory="1Gi"),
    )


def _job(
    scope: Scope,
    base: AzureBaseResources,
    part: str,
    name: str,
    schedule: str | None,
    timeout_seconds: int,
    identity: UserAssignedIdentity,
    containers: Sequence[Container],
    after: Sequence[pulumi.Resource],
    secrets: Sequence[azure_native.app.SecretArgs] = (),
    volumes: Sequence[azure_native.app.VolumeArgs] = (),
) -> "azure_native.app.Job":
    app = azure_native.app
    return app.Job(
        scope.named(part),
        resource_group_name=base.context.group,
        # fixed: commands and log queries find it by name
        job_name=name,
        environment_id=base.environment.id,
        workload_profile_name=WORKLOAD_PROFILE,
        identity=app.ManagedServiceIdentityArgs(type="UserAssigned", user_assigned_identities=[identity.id]),
        configuration=app.JobConfigurationArgs(
            **job_trigger(schedule),
            replica_timeout=timeout_seconds,
            replica_retry_limit=0,
            secrets=list(secrets) or None,
        ),
        template=app.JobTemplateArgs(containers=list(containers), volumes=list(volumes) or None),
        tags=dict(scope.tags),
        # no input refers to the roles and the secret that the first run needs
        opts=scope.opts(depends_on=[*after, *base.network.ready], delete_before_replace=True),
    )
