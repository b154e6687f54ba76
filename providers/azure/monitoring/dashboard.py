"""Workbook with the dashboard rows that are the same on every cloud.

Each graph shows the metric or log query of its alarm; spending and changes of permissions are links, because Azure Monitor has
no metric of them.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.monitoring.alarms import AzureTargets
from providers.azure.monitoring.job_queries import DRILL_QUERIES, JOB_QUERIES, reports_over_time, runs_over_time
from providers.azure.monitoring.metrics import (
    QUERIES,
    access_log,
    cost_over_time,
    metrics_of,
    queries_of,
    query_minutes,
)
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.component import Scope
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel, dashboard_rows
from providers.contract.tokens import counted_prices

VERSION = "Notebook/1.0"
PORTAL_URL = "https://portal.azure.com"
TEXT, QUERY, METRIC = 1, 3, 10
"""Item types of a workbook."""
PERIOD_MILLISECONDS = 24 * 3600 * 1000
WIDTH_PERCENT = "33"
AGGREGATIONS = {"Total": 1, "Minimum": 2, "Maximum": 3, "Average": 4}
"""Numbers of the aggregations in a workbook."""

Item = Mapping[str, object]


def create_dashboard(scope: Scope, targets: AzureTargets) -> pulumi.Output[str]:
    """Declare the workbook and return its URL in the portal."""
    context, workspace = targets.base.context, targets.base.logs.workspace_id
    document = {
        "version": VERSION,
        "items": _items(targets, dashboard_rows(targets.spec, context.alarm_rules.of_cloud)),
        "fallbackResourceIds": [workspace],
    }
    workbook = azure_native.applicationinsights.Workbook(
        scope.named("dashboard"),
        resource_group_name=context.group,
        resource_name_=context.guid(scope.named("dashboard")),
        kind="shared",
        category="workbook",
        display_name=f"Agent platform {context.stack}",
        serialized_data=pulumi.Output.json_dumps(document, sort_keys=True),
        # lower case: the portal otherwise does not list the workbook with its workspace
        source_id=workspace.apply(str.lower),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True),
    )
    return pulumi.Output.concat(f"{PORTAL_URL}/#resource", workbook.id, "/workbook")


def query_over_time(context: AzureContext, rule: AlarmRule) -> str:
    """Return the log query of an alarm, summarized for each of its windows instead of once."""
    interval = f"by bin(TimeGenerated, {query_minutes(rule)}m)"
    source, _, tail = QUERIES[rule.signal](context, rule).partition("| summarize ")
    summary, _, rest = tail.partition(" | ")
    rest = rest.replace("project value", "project TimeGenerated, value")
    return f"{source}| summarize {summary} {interval}{f' | {rest}' if rest else ''}"


def _items(targets: AzureTargets, rows: Sequence[DashboardRow]) -> list[Item]:
    return [item for row in rows for item in (_heading(row), *(_panel(targets, row, panel) for panel in row.panels))]


def _heading(row: DashboardRow) -> Item:
    return _text_item(f"heading-{row.name}", f"## {row.name}")


def _panel(targets: AzureTargets, row: DashboardRow, panel: Panel) -> Item:
    name = f"{row.name}-{panel.shows.value}"
    if panel.shows == GraphOnlyMetric.SPENDING:
        return _text_item(name, _spending_link(targets, panel))
    if panel.shows == Signal.PERMISSION_CHANGES:
        return _text_item(name, f"[{panel.title}]({PORTAL_URL}/#view/Microsoft_Azure_ActivityLog/ActivityLogBlade)")
    if panel.shows == GraphOnlyMetric.REQUESTS:
        return _query_item(targets, name, panel, _requests_query(targets, row.name))
    rule = targets.base.context.alarm_rules.rule(row.name, Signal(panel.shows))
    if rule.subject == "models":
        return _query_item(targets, name, panel, cost_over_time(counted_prices(targets.spec), rule))
    if rule.signal in DRILL_QUERIES:
        return _query_item(targets, name, panel, reports_over_time(targets.base.context, rule))
    if rule.signal in JOB_QUERIES:
        return _query_item(targets, name, panel, runs_over_time(targets.base.context.stack, rule))
    if rule.signal in queries_of(targets.spec):
        return _query_item(targets, name, panel, query_over_time(targets.base.context, rule))
    return _metric_item(targets, name, panel, rule)


def _requests_query(targets: AzureTargets, service: str) -> str:
    return f'{access_log(targets.base.context)} | where route =~ "{service}" | summarize value = count() by bin(TimeGenerated, 1m)'


def _title(panel: Panel) -> str:
    threshold = "" if panel.threshold is None else f", alarm at {panel.threshold:g}"
    return f"{panel.title} ({panel.unit}{threshold})"


def _spending_link(targets: AzureTargets, panel: Panel) -> str:
    context = targets.base.context
    budget = "" if panel.threshold is None else f" The budget is {panel.threshold:g} a month."
    url = f"{PORTAL_URL}/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis/scope/{context.group_id}"
    return f"[Spending of {context.group}]({url}).{budget}"


def _text_item(name: str, markdown: str) -> Item:
    return {"type": TEXT, "name": name, "content": {"json": markdown}}


def _query_item(targets: AzureTargets, name: str, panel: Panel, query: str) -> Item:
    content = {
        "version": "KqlItem/1.0",
        "query": query,
        "size": 0,
        "title": _title(panel),
        "timeContext": {"durationMs": PERIOD_MILLISECONDS},
        "queryType": 0,
        "resourceType": "microsoft.operationalinsights/workspaces",
        "crossComponentResources": [targets.base.logs.workspace_id],
        "visualization": "timechart",
    }
    return {"type": QUERY, "name": name, "customWidth": WIDTH_PERCENT, "content": content}


def _metric_item(targets: AzureTargets, name: str, panel: Panel, rule: AlarmRule) -> Item:
    metric = metrics_of(targets.spec)[rule.signal]
    resource_type = metric.namespace.lower()
    limit = metric.limit(targets.spec, rule, targets.max_connections)
    content = {
        "version": "MetricsItem/2.0",
        "size": 0,
        "chartType": 2,
        "title": f"{panel.title} ({metric.name}, alarm at {limit:g})",
        "resourceType": resource_type,
        "metricScope": 0,
        "resourceIds": [targets.id_of(metric, rule)],
        "timeContext": {"durationMs": PERIOD_MILLISECONDS},
        "metrics": [
            {
                "namespace": resource_type,
                "metric": f"{resource_type}--{metric.name}",
                "aggregation": AGGREGATIONS[metric.aggregation],
                "splitBy": metric.dimension,
            }
        ],
        "gridSettings": {"rowLimit": 10000},
    }
    return {"type": METRIC, "name": name, "customWidth": WIDTH_PERCENT, "content": content}
