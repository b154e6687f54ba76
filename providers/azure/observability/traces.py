"""Traces: Application Insights on the platform's workspace, and the agent of the environment that sends spans to it.

Container Apps runs the agent (Microsoft Learn, "Collect and read OpenTelemetry data in Azure Container Apps"). It takes OTLP over
gRPC and sets the endpoint in every app; it sends no metrics to Application Insights. It cannot sign in with an identity, so the
component accepts data by its connection string, which allows writing and nothing else. Nobody reads with a key: queries need a
role on the workspace.
"""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.observability.logs import AzureLogs
from providers.contract.component import Scope
from providers.contract.spec.operations import Tracing

DESTINATION = "appInsights"
TABLES = ("AppDependencies", "AppExceptions", "AppRequests", "AppTraces")
"""Tables of spans and of what is recorded in them. Their retention is not the workspace's: they keep 90 days unless they have
one of their own (Microsoft Learn, "Manage data retention in a Log Analytics workspace").
"""


@dataclass(frozen=True)
class AzureTracing:
    """Settings of the environment's agent."""

    insights: azure_native.app.AppInsightsConfigurationArgs
    agent: azure_native.app.OpenTelemetryConfigurationArgs


def create_tracing(scope: Scope, context: AzureContext, logs: AzureLogs) -> AzureTracing | None:
    """Declare the component and the retention of its tables; None without `monitoring.tracing`."""
    tracing = context.spec.monitoring.tracing
    if tracing is None:
        return None
    component = azure_native.applicationinsights.Component(
        scope.named("traces"),
        resource_group_name=context.group,
        application_type="web",
        kind="web",
        workspace_resource_id=logs.workspace_id,
        ingestion_mode="LogAnalytics",
        # the agent of Container Apps can send in no other way
        disable_local_auth=False,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    for table in TABLES:
        _keep(scope, context, logs, table, tracing)
    app = azure_native.app
    return AzureTracing(
        insights=app.AppInsightsConfigurationArgs(connection_string=pulumi.Output.secret(component.connection_string)),
        agent=app.OpenTelemetryConfigurationArgs(
            traces_configuration=app.TracesConfigurationArgs(destinations=[DESTINATION])
        ),
    )


def _keep(scope: Scope, context: AzureContext, logs: AzureLogs, table: str, tracing: Tracing) -> None:
    azure_native.operationalinsights.Table(
        scope.named(f"traces-{table.removeprefix('App').lower()}"),
        resource_group_name=context.group,
        workspace_name=logs.workspace_name,
        table_name=table,
        plan="Analytics",
        retention_in_days=tracing.retention_days,
        total_retention_in_days=tracing.retention_days,
        # Azure has these tables in every workspace and refuses to delete them
        opts=scope.opts(retain_on_delete=True),
    )
