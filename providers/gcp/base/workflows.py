"""Workflows that run on a schedule, each as a service account that may start it and do what its steps call.

Google Cloud has no permission on a single workflow, so the account has a separate role with the one permission that
starts executions. The agent of Workflows, which issues the account's tokens, must exist with its role before the first
workflow.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.generations import generation
from providers.gcp.context import GcpContext
from providers.gcp.naming import role_id, workflow_id

AGENT_ROLE = "roles/workflows.serviceAgent"
START = "workflows.executions.create"
INSTANCE_TYPE = "sqladmin.googleapis.com/Instance"
"""Type of a Cloud SQL instance in conditions: IAM documentation, "Resource attributes for IAM Conditions"."""
START_RETRIES = 3
START_DEADLINE_SECONDS = 60

Steps = Mapping[str, object]
"""Workflow in the syntax of Workflows, which is JSON here."""


def create_account(scope: Scope, context: GcpContext, identity: str, purpose: str) -> gcp.serviceaccount.Account:
    """Create the service account of a workflow."""
    return gcp.serviceaccount.Account(
        scope.named("account"),
        project=context.project,
        account_id=identity,
        display_name=identity.replace("-", " "),
        description=f"{purpose} of the stack {context.stack}",
        opts=scope.opts(),
    )


def create_role(scope: Scope, context: GcpContext, part: str, permissions: Sequence[str]) -> gcp.projects.IAMCustomRole:
    """Create a role with exactly these permissions."""
    return gcp.projects.IAMCustomRole(
        scope.named(part),
        project=context.project,
        role_id=generation(scope, part).apply(lambda suffix: role_id(context.stack, part, suffix)),
        title=f"{part.replace('-', ' ').capitalize()} ({context.stack})",
        permissions=list(permissions),
        opts=scope.opts(),
    )


def grant_permissions(
    scope: Scope,
    context: GcpContext,
    part: str,
    permissions: Sequence[str],
    member: pulumi.Input[str],
    condition: gcp.projects.IAMMemberConditionArgs | None = None,
) -> pulumi.Resource:
    """Grant a role with exactly these permissions, on what the condition selects in the project."""
    role = create_role(scope, context, part, permissions)
    return gcp.projects.IAMMember(
        scope.named(part),
        project=context.project,
        role=role.name,
        member=member,
        condition=condition,
        opts=scope.opts(),
    )


def create_workflow(
    scope: Scope,
    context: GcpContext,
    part: str,
    account: gcp.serviceaccount.Account,
    source: Steps,
    grants: Sequence[pulumi.Resource],
    logical: str = "workflow",
) -> "gcp.workflows.Workflow":
    """Create the workflow `part`; `source` may contain Outputs, and `grants` are what its first execution needs."""
    return gcp.workflows.Workflow(
        scope.named(logical),
        name=workflow_id(context.stack, part),
        project=context.project,
        region=context.region,
        description=f"{part.replace('_', ' ').capitalize()} of the stack {context.stack}",
        service_account=account.email,
        source_contents=pulumi.Output.json_dumps(source),
        call_log_level="LOG_ERRORS_ONLY",
        # a workflow holds no data
        deletion_protection=False,
        # no input refers to these
        opts=scope.opts(depends_on=list(grants)),
    )


def create_schedule(
    scope: Scope,
    context: GcpContext,
    part: str,
    schedule: str,
    account: gcp.serviceaccount.Account,
    workflow: "gcp.workflows.Workflow",
    logical: str = "schedule",
    paused: bool | None = None,
) -> None:
    """Create the job of Cloud Scheduler that starts the workflow `part`; its times are UTC."""
    path = f"projects/{context.project}/locations/{context.region}/workflows/{workflow_id(context.stack, part)}"
    gcp.cloudscheduler.Job(
        scope.named(logical),
        name=workflow_id(context.stack, part),
        project=context.project,
        region=context.region,
        description=f"Starts the workflow {part} of the stack {context.stack}",
        schedule=schedule,
        paused=paused,
        time_zone="Etc/UTC",
        attempt_deadline=f"{START_DEADLINE_SECONDS}s",
        retry_config=gcp.cloudscheduler.JobRetryConfigArgs(retry_count=START_RETRIES),
        http_target=gcp.cloudscheduler.JobHttpTargetArgs(
            uri=f"https://workflowexecutions.googleapis.com/v1/{path}/executions",
            http_method="POST",
            # an access token, which Google's own APIs require
            oauth_token=gcp.cloudscheduler.JobHttpTargetOauthTokenArgs(service_account_email=account.email),
        ),
        # the address is text
        opts=scope.opts(depends_on=[workflow]),
    )


def create_agent(scope: Scope, context: GcpContext) -> pulumi.Resource:
    """Create the agent of Workflows; return its permission, without which no workflow can be created."""
    agent = gcp.projects.ServiceIdentity(
        scope.named("agent"), project=context.project, service="workflows.googleapis.com", opts=scope.opts()
    )
    return gcp.projects.IAMMember(
        scope.named("agent-role"),
        project=context.project,
        role=AGENT_ROLE,
        member=agent.member,
        # a project has one agent, so deleting a stack must not remove its role for the others
        opts=scope.opts(retain_on_delete=True),
    )
