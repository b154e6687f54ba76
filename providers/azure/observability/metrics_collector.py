"""A managed Prometheus that is sent what the services expose, with the same rules and the same channels.

Container Apps has no scraper, so each copy carries a collector that writes through a data collection rule with the
service's identity (`providers/azure/compute/collector.py`). Database and cache expose nothing to Prometheus on Azure; their
rules stay with Azure Monitor. Grafana reads it all; whoever may look gets the role Grafana Viewer by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.identity import AzureIdentity
from providers.azure.base.keys import AzureKeys
from providers.azure.base.role_ids import METRICS_PUBLISHER
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.monitoring.alert_rules import SEVERITIES
from providers.azure.observability.channels import AzureChannels
from providers.azure.observability.grafana import create_grafana
from providers.contract.component import Scope
from providers.contract.prometheus import PrometheusRule, prometheus_rules

STREAM = "Microsoft-PrometheusMetrics"
DESTINATION = "workspace"
WRITE_PATH = f"/streams/{STREAM}/api/v1/write?api-version=2023-04-24"
"""Microsoft Learn, "Connect self-managed Prometheus to Azure Monitor managed service for Prometheus"."""
INTERVAL = "PT1M"

Workspace = azure_native.monitor.AzureMonitorWorkspace


@dataclass(frozen=True)
class AzureMetricsCollector:
    """The workspace, where to write to it, and by service the right to."""

    workspace_id: pulumi.Output[str]
    write_url: pulumi.Output[str]
    grants: Mapping[str, tuple[pulumi.Resource, ...]]


def create_prometheus(
    scope: Scope, context: AzureContext, keys: AzureKeys, channels: AzureChannels, identity: AzureIdentity
) -> AzureMetricsCollector | None:
    """The workspace, its rules and its way to the channels; None unless the spec asks for it."""
    if not context.spec.monitoring.prometheus:
        return None
    workspace = Workspace(scope.named(), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts())
    endpoint = azure_native.monitor.DataCollectionEndpoint(
        scope.named("endpoint"), resource_group_name=context.group, tags=dict(scope.tags), opts=scope.opts()
    )
    collection = _collection(scope, context, workspace, endpoint)
    _rules(scope, context, channels, workspace)
    create_grafana(scope, context, workspace)
    base = endpoint.metrics_ingestion.apply(lambda known: known.endpoint or "" if known else "")
    scraped = [name for name, service in context.spec.services.items() if service.port is not None]
    principals = {name: identity.services[name].principal_id for name in scraped}
    return AzureMetricsCollector(
        workspace_id=workspace.id,
        write_url=pulumi.Output.concat(base, "/dataCollectionRules/", collection.immutable_id, WRITE_PATH),
        grants={
            name: (grant(scope, context, f"{name}-writes", METRICS_PUBLISHER, who, collection.id),)
            for name, who in principals.items()
        },
    )


def _collection(
    scope: Scope, context: AzureContext, workspace: Workspace, endpoint: azure_native.monitor.DataCollectionEndpoint
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


def _rules(scope: Scope, context: AzureContext, channels: AzureChannels, workspace: Workspace) -> None:
    """A group for each service, with the rules that are the same on every cloud."""
    for name, service in context.spec.services.items():
        rules = [
            found
            for found in prometheus_rules(context.spec, context.alarm_rules, ("service",))
            if found.rule.name == name
        ]
        if service.port is None or not rules:
            continue
        azure_native.alertsmanagement.PrometheusRuleGroup(
            scope.named(f"{name}-rules"),
            resource_group_name=context.group,
            enabled=True,
            interval=INTERVAL,
            scopes=[workspace.id],
            rules=[_rule(channels, found) for found in rules],
            tags=dict(scope.tags),
            opts=scope.opts(),
        )


def _rule(channels: AzureChannels, found: PrometheusRule) -> azure_native.alertsmanagement.PrometheusRuleArgs:
    alerts, rule = azure_native.alertsmanagement, found.rule
    return alerts.PrometheusRuleArgs(
        alert=rule.key,
        expression=f"{found.expression} > {rule.threshold:g}",
        for_=f"PT{found.seconds}S",
        severity=SEVERITIES[rule.severity],
        enabled=True,
        labels={"severity": rule.severity, "service": rule.name},
        annotations={"summary": rule.summary},
        actions=[alerts.PrometheusRuleGroupActionArgs(action_group_id=channels.group(rule.severity))],
        resolve_configuration=alerts.PrometheusRuleResolveConfigurationArgs(auto_resolved=True, time_to_resolve="PT5M"),
    )
