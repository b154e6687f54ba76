"""Cloud Monitoring dashboard from the rows of the contract: headings, graphs with thresholds, and a note on spending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import AlarmRule, AlarmRules, Signal, metric_for
from providers.contract.component import Scope
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel, dashboard_rows
from providers.contract.prometheus import Series, expression
from providers.contract.spec import Platform
from providers.contract.tokens import counted_prices
from providers.gcp.monitoring.alarms import GcpTargets
from providers.gcp.monitoring.metrics import METRICS, GcpMetric, alignment_seconds, cost_query
from providers.gcp.naming import run_name

COLUMNS, WIDTH, HEIGHT, HEADING_HEIGHT = 48, 12, 12, 4
"""Units of the mosaic layout: 48 columns, four graphs in a row."""
REQUESTS = replace(METRICS[Signal.ERROR_PERCENT], aligner="ALIGN_DELTA", condition="", is_share=False)
CONSOLE_URL = "https://console.cloud.google.com"

Widget = Mapping[str, object]


@dataclass(frozen=True)
class TilePosition:
    """Position and size of a tile."""

    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


def create_dashboard(scope: Scope, targets: GcpTargets) -> pulumi.Output[str]:
    """Create the dashboard; return its URL in the console."""
    context = targets.context
    rows = dashboard_rows(targets.spec, _shown_rules(targets))
    document = {
        "displayName": f"Agent platform {context.stack}",
        "mosaicLayout": {"columns": COLUMNS, "tiles": _tiles(targets, rows)},
    }
    dashboard = gcp.monitoring.Dashboard(
        scope.named("dashboard"),
        project=context.project,
        dashboard_json=pulumi.Output.json_dumps(document, sort_keys=True),
        opts=scope.opts(),
    )
    builder = f"{CONSOLE_URL}/monitoring/dashboards/builder"
    return dashboard.id.apply(lambda name: f"{builder}/{name.rpartition('/')[2]}?project={context.project}")


def _shown_rules(targets: GcpTargets) -> AlarmRules:
    """Rules with a graph; of those that need Prometheus, the ones on tokens of all services."""
    rules = targets.context.alarm_rules
    return AlarmRules(tuple(rule for rule in rules if not rule.needs_prometheus or rule.subject == "tokens"))


def tile_positions(panel_counts: Sequence[int]) -> list[list[TilePosition]]:
    """Return the positions of each row: its heading, then its panels, four side by side."""
    rows: list[list[TilePosition]] = []
    top = 0
    for count in panel_counts:
        heading = TilePosition(0, top, COLUMNS, HEADING_HEIGHT)
        grid = [
            TilePosition(n * WIDTH % COLUMNS, top + HEADING_HEIGHT + n * WIDTH // COLUMNS * HEIGHT)
            for n in range(count)
        ]
        rows.append([heading, *grid])
        top = grid[-1].y + HEIGHT if grid else top + HEADING_HEIGHT
    return rows


def _tiles(targets: GcpTargets, rows: Sequence[DashboardRow]) -> list[Widget]:
    positions = tile_positions([len(row.panels) for row in rows])
    widgets = [[_heading(row), *(_widget(targets, row, panel) for panel in row.panels)] for row in rows]
    return [
        {"xPos": tile.x, "yPos": tile.y, "width": tile.width, "height": tile.height, "widget": widget}
        for row_tiles, row_widgets in zip(positions, widgets, strict=True)
        for tile, widget in zip(row_tiles, row_widgets, strict=True)
    ]


def _heading(row: DashboardRow) -> Widget:
    return {"title": row.name, "sectionHeader": {"subtitle": "", "dividerBelow": True}}


def _widget(targets: GcpTargets, row: DashboardRow, panel: Panel) -> Widget:
    if panel.shows == GraphOnlyMetric.SPENDING:
        return {"title": panel.title, "text": {"format": "MARKDOWN", "content": _spending_note(targets, panel)}}
    rules = targets.context.alarm_rules
    if panel.shows == GraphOnlyMetric.REQUESTS:
        rule = replace(rules.rule(row.name, Signal.ERROR_PERCENT), period_seconds=panel.period_seconds)
        return _graph(panel.title, panel.unit, _query(targets, rule, REQUESTS, targets.all_series(rule)), None)
    rule = rules.rule(row.name, Signal(panel.shows))
    if rule.subject in ("models", "tokens"):
        return _graph(panel.title, panel.unit, {"prometheusQuery": _token_query(targets, rule)}, panel.threshold)
    metric = metric_for(METRICS, rule)
    threshold = None if panel.threshold is None else targets.threshold(rule)
    query = _ratio(targets, rule, metric) if metric.is_share else _query(targets, rule, metric, targets.series(rule))
    return _graph(_title(panel), f"{panel.unit}, as measured", query, threshold)


def _token_query(targets: GcpTargets, rule: AlarmRule) -> str:
    if rule.subject == "models":
        return cost_query(counted_prices(targets.spec), rule)
    return expression(targets.spec, rule, Series(lambda name: run_name(targets.context.stack, name)))


def _title(panel: Panel) -> str:
    """Title of a graph; the graph of missing replicas shows the running ones."""
    return "Replicas; the line is the minimum" if panel.shows == Signal.MISSING_REPLICAS else panel.title


def _spending_note(targets: GcpTargets, panel: Panel) -> str:
    budget = "" if panel.threshold is None else f" The budget is {panel.threshold:g} US dollars a month."
    project = targets.context.project
    return f"[Spending of {project}]({CONSOLE_URL}/billing/linkedaccount?project={project}).{budget}"


def _graph(title: str, unit: str, query: Mapping[str, object], threshold: float | None) -> Widget:
    thresholds = [] if threshold is None else [{"value": threshold}]
    data = {"plotType": "LINE", "targetAxis": "Y1", "timeSeriesQuery": query}
    return {
        "title": title,
        "xyChart": {"dataSets": [data], "thresholds": thresholds, "yAxis": {"label": unit, "scale": "LINEAR"}},
    }


def _query(targets: GcpTargets, rule: AlarmRule, metric: GcpMetric, series: pulumi.Output[str]) -> Mapping[str, object]:
    return {"timeSeriesFilter": {"filter": series, "aggregation": _aggregation(targets.spec, rule, metric)}}


def _ratio(targets: GcpTargets, rule: AlarmRule, metric: GcpMetric) -> Mapping[str, object]:
    aggregation = _aggregation(targets.spec, rule, metric)
    return {
        "timeSeriesFilterRatio": {
            "numerator": {"filter": targets.series(rule), "aggregation": aggregation},
            "denominator": {"filter": targets.all_series(rule), "aggregation": aggregation},
        }
    }


def _aggregation(spec: Platform, rule: AlarmRule, metric: GcpMetric) -> Mapping[str, str]:
    return {
        "alignmentPeriod": f"{alignment_seconds(spec, rule)}s",
        "perSeriesAligner": metric.aligner,
        "crossSeriesReducer": metric.reducer,
    }
