"""Cloud Run job of the query: a stock PostgreSQL client that reaches databases and its secret, and nothing else.

It runs as an account without a role in the project; the workflow makes every call. Its firewall rule leads to the range of
Cloud SQL on the port of PostgreSQL only. Cloud Run pulls its image from Docker Hub, outside the network of the stack.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.drill import QUERY_SCRIPT, drill_of
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.secrets import READER_ROLE
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.drill.names import query_job
from providers.gcp.drill.workflow import QUERY_SECONDS
from providers.gcp.naming import DRILL, query_account_id
from providers.gcp.network.existing_limits import network_project
from providers.gcp.network.flows import DATABASE_PORT
from providers.gcp.network.resources import ALLOW_PRIORITY

IMAGE = "docker.io/library/postgres:18"
"""Docker official image; its psql connects to servers of every supported version."""
LIMITS = {"cpu": "1", "memory": "512Mi"}

Variable = gcp.cloudrunv2.JobTemplateTemplateContainerEnvArgs


@dataclass(frozen=True)
class QueryJob:
    """Cloud Run job, and the account as which it runs."""

    job: "gcp.cloudrunv2.Job"
    account: gcp.serviceaccount.Account


def create_query(scope: Scope, base: GcpBaseResources, database: GcpDatabase) -> QueryJob:
    """Create the job, its account, and its way to the database and to the password."""
    context = base.context
    account = gcp.serviceaccount.Account(
        scope.named("query"),
        project=context.project,
        account_id=query_account_id(context.stack),
        display_name=f"{context.stack} drill query",
        description=f"Query of the restore drill of the stack {context.stack}",
        opts=scope.opts(),
    )
    prerequisites = [_rule(scope, base), *_grants(scope, base, database, account)]
    return QueryJob(_job(scope, base, database, account, prerequisites), account)


def _rule(scope: Scope, base: GcpBaseResources) -> pulumi.Resource:
    return gcp.compute.Firewall(
        scope.named("to-database"),
        project=network_project(base.spec),
        network=base.network.network_id,
        direction="EGRESS",
        priority=ALLOW_PRIORITY,
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(DATABASE_PORT)])],
        destination_ranges=[base.network.private],
        target_tags=[query_job(base.context.stack)],
        opts=scope.opts(),
    )


def _grants(
    scope: Scope, base: GcpBaseResources, database: GcpDatabase, account: gcp.serviceaccount.Account
) -> list[pulumi.Resource]:
    """Permission to read the password, whose value must exist too."""
    if database.password is None:
        raise ValueError("the password of the database is not stored")
    grant = gcp.secretmanager.SecretIamMember(
        scope.named("password"),
        project=base.context.project,
        secret_id=database.password.reference,
        role=READER_ROLE,
        member=account.member,
        opts=scope.opts(),
    )
    return [grant, *database.password.grants]


def _job(
    scope: Scope,
    base: GcpBaseResources,
    database: GcpDatabase,
    account: gcp.serviceaccount.Account,
    prerequisites: list[pulumi.Resource],
) -> "gcp.cloudrunv2.Job":
    context = base.context
    interface = gcp.cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[query_job(context.stack)]
    )
    return gcp.cloudrunv2.Job(
        scope.named("query"),
        name=query_job(context.stack),
        project=context.project,
        location=context.region,
        # a job holds no data
        deletion_protection=False,
        template=gcp.cloudrunv2.JobTemplateArgs(
            task_count=1,
            parallelism=1,
            template=gcp.cloudrunv2.JobTemplateTemplateArgs(
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                service_account=account.email,
                encryption_key=base.keys.usable["run"],
                max_retries=0,
                timeout=f"{QUERY_SECONDS}s",
                containers=[_container(base, database)],
                vpc_access=gcp.cloudrunv2.JobTemplateTemplateVpcAccessArgs(
                    egress="ALL_TRAFFIC", network_interfaces=[interface]
                ),
            ),
        ),
        # no input refers to what the query needs
        opts=scope.opts(depends_on=[*prerequisites, *base.network.ready]),
    )


def _container(base: GcpBaseResources, database: GcpDatabase) -> gcp.cloudrunv2.JobTemplateTemplateContainerArgs:
    plain = {
        "DRILL_QUERY": drill_of(base.spec).query,
        "PGDATABASE": database.name,
        "PGPORT": str(database.port),
        "PGSSLMODE": "require",
        "PGUSER": database.username,
    }
    return gcp.cloudrunv2.JobTemplateTemplateContainerArgs(
        name=DRILL,
        image=IMAGE,
        commands=["/bin/sh", "-c"],
        args=[QUERY_SCRIPT.read_text(encoding="utf-8")],
        envs=[*(Variable(name=name, value=value) for name, value in plain.items()), _password(database)],
        resources=gcp.cloudrunv2.JobTemplateTemplateContainerResourcesArgs(limits=LIMITS),
    )


def _password(database: GcpDatabase) -> Variable:
    if database.password is None:
        raise ValueError("the password of the database is not stored")
    reference = gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
        secret=database.password.reference, version=database.password.version
    )
    source = gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
    return Variable(name="PGPASSWORD", value_source=source)
