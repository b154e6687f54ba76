"""Grafana over the managed Prometheus and the metrics of the whole group; it signs people in by the directory alone."""

import pulumi_azure_native as azure_native

from providers.azure.base.role_ids import MONITORING_DATA_READER, MONITORING_READER
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.naming import grafana_name
from providers.contract.component import Scope

MAJOR_VERSION = "11"


def create_grafana(scope: Scope, context: AzureContext, workspace: azure_native.monitor.AzureMonitorWorkspace) -> None:
    """Grafana, and its right to read."""
    dashboard = azure_native.dashboard
    integration = dashboard.AzureMonitorWorkspaceIntegrationArgs(azure_monitor_workspace_resource_id=workspace.id)
    grafana = dashboard.Grafana(
        scope.named("grafana"),
        resource_group_name=context.group,
        workspace_name=grafana_name(context),
        sku=dashboard.ResourceSkuArgs(name="Standard"),
        identity=dashboard.ManagedServiceIdentityArgs(type="SystemAssigned"),
        properties=dashboard.ManagedGrafanaPropertiesArgs(
            api_key="Disabled",
            grafana_major_version=MAJOR_VERSION,
            # people read it from where they are; the directory says who may
            public_network_access="Enabled",
            zone_redundancy="Enabled" if context.zonal else "Disabled",
            deterministic_outbound_ip="Disabled",
            grafana_integrations=dashboard.GrafanaIntegrationsArgs(azure_monitor_workspace_integrations=[integration]),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    who = grafana.identity.apply(lambda known: known.principal_id if known else "")
    grant(scope, context, "grafana-reads-prometheus", MONITORING_DATA_READER, who, workspace.id)
    grant(scope, context, "grafana-reads-metrics", MONITORING_READER, who, context.group_id)
