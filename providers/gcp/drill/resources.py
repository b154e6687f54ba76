"""Restore drill of the database: the workflow that restores and queries, the job of the query, and the hourly report.

The workflow may delete, and restore over, instances of drills only. To create one, and to read instances and backups, it has
the permission in the project: Cloud SQL checks both where no condition can name the instance.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.drill import drill_of, drill_schedule
from providers.contract.region_specs import is_passive
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.base.workflows import (
    INSTANCE_TYPE,
    START,
    create_account,
    create_agent,
    create_role,
    create_schedule,
    create_workflow,
    grant_permissions,
)
from providers.gcp.context import GcpContext
from providers.gcp.database.resources import GcpDatabase
from providers.gcp.drill.names import REPORT, copy_prefix
from providers.gcp.drill.query import QueryJob, create_query
from providers.gcp.drill.report import SCHEDULE, report_workflow
from providers.gcp.drill.workflow import DrillSettings, drill_workflow
from providers.gcp.naming import DRILL, drill_account_id

CHANGE = ("cloudsql.instances.delete", "cloudsql.instances.restoreBackup")
READ = (
    "cloudsql.backupRuns.get",
    "cloudsql.backupRuns.list",
    "cloudsql.instances.create",
    "cloudsql.instances.get",
    "cloudsql.instances.list",
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.get",
    "monitoring.metricDescriptors.list",
    "monitoring.timeSeries.create",
    "run.executions.get",
    "run.operations.get",
    START,
    "workflows.executions.get",
    "workflows.executions.list",
    "workflows.workflows.get",
)
RUN = ("run.jobs.get", "run.jobs.run", "run.jobs.runWithOverrides")


@dataclass(frozen=True)
class GcpDrill:
    """Name of the workflow of a drill."""

    workflow: pulumi.Output[str]


def create_drill(scope: Scope, base: GcpBaseResources, database: GcpDatabase) -> GcpDrill:
    """Create the workflows with their account and schedules, and the job of the query."""
    context = base.context
    account = create_account(scope, context, drill_account_id(context.stack), "Restore drill")
    query = create_query(scope, base, database)
    grants = [create_agent(scope, context), *_grants(scope, context, account, query)]
    source = drill_workflow(_settings(base, database))
    drill = create_workflow(scope, context, DRILL, account, source, grants)
    # a replica has no backups, so no drill starts while the other region serves
    paused = is_passive(base.spec) or None
    create_schedule(scope, context, DRILL, drill_schedule(drill_of(base.spec)).text, account, drill, paused=paused)
    source = report_workflow(context.project, context.region, context.stack)
    report = create_workflow(scope, context, REPORT, account, source, [drill, *grants], logical="report")
    create_schedule(scope, context, REPORT, SCHEDULE, account, report, logical="hourly")
    return GcpDrill(drill.name)


def _settings(base: GcpBaseResources, database: GcpDatabase) -> DrillSettings:
    context = base.context
    if base.network.private_range is None:
        raise ValueError("a database has a private range")
    return DrillSettings(
        project=context.project,
        region=context.region,
        stack=context.stack,
        instance=database.instance,
        key=base.keys.usable["sqladmin"],
        network=base.network.network_id,
        private_range=base.network.private_range,
    )


def _grants(
    scope: Scope, context: GcpContext, account: gcp.serviceaccount.Account, query: QueryJob
) -> list[pulumi.Resource]:
    prefix = f"projects/{context.project}/instances/{copy_prefix(context.stack)}20"
    of_drills = gcp.projects.IAMMemberConditionArgs(
        title="instances of drills",
        expression=f'resource.type == "{INSTANCE_TYPE}" && resource.name.startsWith("{prefix}")',
    )
    return [
        grant_permissions(scope, context, "copies", CHANGE, account.member, condition=of_drills),
        grant_permissions(scope, context, "read-and-report", READ, account.member),
        _grant_query(scope, context, account, query),
    ]


def _grant_query(
    scope: Scope, context: GcpContext, account: gcp.serviceaccount.Account, query: QueryJob
) -> pulumi.Resource:
    """Permission to run the job of the query with another address of the database."""
    return gcp.cloudrunv2.JobIamMember(
        scope.named("run-query"),
        project=context.project,
        location=context.region,
        name=query.job.name,
        role=create_role(scope, context, "run-query", RUN).name,
        member=account.member,
        opts=scope.opts(),
    )
