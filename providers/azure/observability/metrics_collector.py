"""Managed Prometheus that receives the services' metrics, with the contract's rules and channels, and Grafana.

Container Apps does not scrape metrics, so each replica has a collector that writes through a data collection rule with
the service's identity (`providers/azure/compute/containers.py`). Database and cache expose no Prometheus metrics on
Azure; Azure Monitor evaluates their rules. Grafana reads the metrics of Prometheus and of the whole resource group;
users sign in with Microsoft Entra ID and need a Grafana role: those of `monitoring.grafana_admins` have Grafana Admin and
assign the others (Microsoft Learn, "Manage access and permissions for users and identities").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.roles import (
    GRAFANA_ADMIN,
    METRICS_PUBLISHER,
    MONITORING_DATA_READER,
    MONITORING_READER,
    grant_role,
)
from providers.azure.context import AzureContext
from providers.azure.naming import grafana_name
from providers.azure.observability.channels import SEVERITIES, AzureChannels
from providers.contract.component import Scope
from providers.contract.prometheus import OF_SERVICES, PrometheusRule, prometheus_rules
from providers.contract.scrape_endpoints import scrape_endpoint

STREAM = "Microsoft-PrometheusMetrics"
DESTINATION = "workspace"
WRITE_PATH = f"/streams/{STREAM}/api/v1/write?api-version=2023-04-24"
"""Microsoft Learn, "Connect self-managed Prometheus to Azure Monitor managed service for Prometheus"."""
EVALUATION_INTERVAL = "PT1M"
GRAFANA_MAJOR_VERSION = "11"

PrometheusWorkspace = azure_native.monitor.AzureMonitorWorkspace


@dataclass(frozen=True)
class AzureMetricsCollector:
    """Azure Monitor workspace, its remote-write URL, and by service the role assignment to write to it."""

    workspace_id: pulumi.Output[str]
    write_url: pulumi.Output[str]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_prometheus(
    scope: Scope, context: AzureContext, channels: AzureChannels, identity: AzureIdentity
) -> AzureMetricsCollector | None:
    """Declare workspace, collection rule, alert rules and Grafana; None unless `monitoring.prometheus` is set."""
    if not context.spec.monitoring.prometheus:
        return None
    workspace = PrometheusWorkspace(
        scope.named(), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    endpoint = azure_native.monitor.DataCollectionEndpoint(
        scope.named("endpoint"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    collection = _collection_rule(scope, context, workspace, endpoint)
    _rule_groups(scope, context, channels, workspace)
    _grafana(scope, context, workspace)
    ingestion_url = endpoint.metrics_ingestion.apply(lambda value: value.endpoint or "" if value else "")
    services = [name for name, service in context.spec.services.items() if scrape_endpoint(service) is not None]
    return AzureMetricsCollector(
        workspace_id=workspace.id,
        write_url=pulumi.Output.concat(ingestion_url, "/dataCollectionRules/", collection.immutable_id, WRITE_PATH),
        grants={name: (_grant_write(scope, context, identity, name, collection.id),) for name in services},
    )


def _grant_write(
    scope: Scope, context: AzureContext, identity: AzureIdentity, service: str, rule_id: pulumi.Input[str]
) -> pulumi.Resource:
    principal = identity.services[service].principal_id
    return grant_role(scope, context, f"{service}-writes", METRICS_PUBLISHER, principal, rule_id)


def _collection_rule(
    scope: Scope,
    context: AzureContext,
    workspace: PrometheusWorkspace,
    endpoint: azure_native.monitor.DataCollectionEndpoint,
) -> azure_native.monitor.DataCollectionRule:
    monitor = azure_native.monitor
    source = monitor.PrometheusForwarderDataSourceArgs(name="collectors", streams=[STREAM])
    target = monitor.MonitoringAccountDestinationArgs(name=DESTINATION, account_resource_id=workspace.id)
    return monitor.DataCollectionRule(
        scope.named("collection"),
        resource_group_name=context.group,
        data_collection_endpoint_id=endpoint.id,
        data_sources=monitor.DataCollectionRuleDataSourcesArgs(prometheus_forwarder=[source]),
        destinations=monitor.DataCollectionRuleDestinationsArgs(monitoring_accounts=[target]),
        data_flows=[monitor.DataFlowArgs(streams=[STREAM], destinations=[DESTINATION])],
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _rule_groups(scope: Scope, context: AzureContext, channels: AzureChannels, workspace: PrometheusWorkspace) -> None:
    """Rule group of each service and of the tokens that they report, with the rules that are the same on every cloud."""
    rules = prometheus_rules(context.spec, context.alarm_rules, OF_SERVICES)
    for name in dict.fromkeys(rule.rule.name for rule in rules):
        service_rules = [rule for rule in rules if rule.rule.name == name]
        azure_native.alertsmanagement.PrometheusRuleGroup(
            scope.named(f"{name}-rules"),
            resource_group_name=context.group,
            enabled=True,
            interval=EVALUATION_INTERVAL,
            scopes=[workspace.id],
            rules=[_alert_rule(channels, rule) for rule in service_rules],
            tags=dict(scope.tags),
            opts=scope.opts(),
        )


def _alert_rule(channels: AzureChannels, alert: PrometheusRule) -> azure_native.alertsmanagement.PrometheusRuleArgs:
    alerts, rule = azure_native.alertsmanagement, alert.rule
    return alerts.PrometheusRuleArgs(
        alert=rule.key,
        expression=f"{alert.expression} > {rule.threshold:g}",
        for_=f"PT{alert.seconds}S",
        severity=SEVERITIES[rule.severity],
        enabled=True,
        labels={"severity": rule.severity, "service": rule.name},
        annotations={"summary": rule.summary},
        actions=[alerts.PrometheusRuleGroupActionArgs(action_group_id=channels.group(rule.severity))],
        resolve_configuration=alerts.PrometheusRuleResolveConfigurationArgs(auto_resolved=True, time_to_resolve="PT5M"),
    )


def _grafana(scope: Scope, context: AzureContext, workspace: PrometheusWorkspace) -> None:
    """Managed Grafana, and its roles to read the metrics."""
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
            grafana_major_version=GRAFANA_MAJOR_VERSION,
            # reachable from the internet; access requires Entra ID and a role
            public_network_access="Enabled",
            zone_redundancy="Enabled" if context.zonal else "Disabled",
            deterministic_outbound_ip="Disabled",
            grafana_integrations=dashboard.GrafanaIntegrationsArgs(azure_monitor_workspace_integrations=[integration]),
        ),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    principal = grafana.identity.apply(lambda value: value.principal_id if value else "")
    grant_role(scope, context, "grafana-reads-prometheus", MONITORING_DATA_READER, principal, workspace.id)
    grant_role(scope, context, "grafana-reads-metrics", MONITORING_READER, principal, context.group_id)
    for admin in context.spec.monitoring.grafana_admins:
        # users and groups: the directory knows which
        grant_role(scope, context, f"grafana-admin-{admin}", GRAFANA_ADMIN, admin, grafana.id, principal_type=None)
