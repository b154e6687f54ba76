"""The parts of the workbook: a graph of a signal by the metric or question its alarm reads, headings, the note on money."""

from collections.abc import Mapping, Sequence

from providers.azure.monitoring.metrics import METRICS, QUERIES, front_log, query_minutes
from providers.azure.monitoring.targets import AzureTargets
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel

TEXT, QUERY, METRIC = 1, 3, 10
"""Kinds of a workbook's items."""
PERIOD_MILLISECONDS = 24 * 3600 * 1000
WIDTH_PERCENT = "33"
AGGREGATIONS = {"Total": 1, "Minimum": 2, "Maximum": 3, "Average": 4}
"""By the numbers that workbooks write."""

Item = Mapping[str, object]


def items(targets: AzureTargets, rows: Sequence[DashboardRow]) -> list[Item]:
    """Every item of the rows."""
    return [item for row in rows for item in (_heading(row), *(_panel(targets, row, panel) for panel in row.panels))]


def _heading(row: DashboardRow) -> Item:
    return _text(f"heading-{row.name}", f"## {row.name}")


def _panel(targets: AzureTargets, row: DashboardRow, panel: Panel) -> Item:
    name = f"{row.name}-{panel.shows.value}"
    if panel.shows == GraphOnlyMetric.SPENDING:
        return _text(name, _note(targets, panel))
    if panel.shows == GraphOnlyMetric.REQUESTS:
        return _query(targets, name, panel, _requests(targets, row.name))
    rule = targets.base.context.alarm_rules.rule(row.name, Signal(panel.shows))
    if rule.signal in QUERIES:
        return _query(targets, name, panel, over_time(targets.base.context.stack, rule))
    return _metric(targets, name, panel, rule)


def over_time(stack: str, rule: AlarmRule) -> str:
    """The question of an alarm, asked for each of its windows instead of once."""
    each = f"by bin(TimeGenerated, {query_minutes(rule)}m)"
    head, _, tail = QUERIES[rule.signal](stack, rule).partition("| summarize ")
    summary, _, rest = tail.partition(" | ")
    rest = rest.replace("project value", "project TimeGenerated, value")
    return f"{head}| summarize {summary} {each}{f' | {rest}' if rest else ''}"


def _requests(targets: AzureTargets, service: str) -> str:
    stack = targets.base.context.stack
    return f'{front_log(stack)} | where route =~ "{service}" | summarize value = count() by bin(TimeGenerated, 1m)'


def _title(panel: Panel) -> str:
    line = "" if panel.threshold is None else f", alarm at {panel.threshold:g}"
    return f"{panel.title} ({panel.unit}{line})"


def _text(name: str, markdown: str) -> Item:
    return {"type": TEXT, "name": name, "content": {"json": markdown}}


def _note(targets: AzureTargets, panel: Panel) -> str:
    context = targets.base.context
    budget = "" if panel.threshold is None else f" The budget is {panel.threshold:g} a month."
    link = f"https://portal.azure.com/#view/Microsoft_Azure_CostManagement/Menu/~/costanalysis/scope/{context.group_id}"
    return f"[Spending of {context.group}]({link}).{budget}"


def _query(targets: AzureTargets, name: str, panel: Panel, query: str) -> Item:
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


def _metric(targets: AzureTargets, name: str, panel: Panel, rule: AlarmRule) -> Item:
    metric = METRICS[rule.signal]
    kind = metric.namespace.lower()
    limit = metric.limit(targets.spec, rule, targets.max_connections)
    content = {
        "version": "MetricsItem/2.0",
        "size": 0,
        "chartType": 2,
        "title": f"{panel.title} ({metric.name}, alarm at {limit:g})",
        "resourceType": kind,
        "metricScope": 0,
        "resourceIds": [targets.ids[rule.name]],
        "timeContext": {"durationMs": PERIOD_MILLISECONDS},
        "metrics": [
            {
                "namespace": kind,
                "metric": f"{kind}--{metric.name}",
                "aggregation": AGGREGATIONS[metric.aggregation],
                "splitBy": None,
            }
        ],
        "gridSettings": {"rowLimit": 10000},
    }
    return {"type": METRIC, "name": name, "customWidth": WIDTH_PERCENT, "content": content}
