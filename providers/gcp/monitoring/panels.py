"""The tiles of the dashboard: a graph of a signal by the metric its alarm watches, headings, and the note on money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi

from providers.contract.alarms import AlarmRule, Signal, metric_for
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel
from providers.contract.spec import Platform
from providers.gcp.monitoring.metrics import METRICS, GcpMetric, alignment_seconds
from providers.gcp.monitoring.targets import GcpTargets

COLUMNS, WIDTH, HEIGHT, HEADING = 48, 12, 12, 4
"""Units of a mosaic: 48 across, a graph a quarter of that."""
REQUESTS = replace(METRICS[Signal.ERROR_PERCENT], aligner="ALIGN_DELTA", where="", share=False)

Widget = Mapping[str, object]


@dataclass(frozen=True)
class TilePosition:
    """Where a tile stands and how large it is."""

    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


def tile_positions(panels: Sequence[int]) -> list[list[TilePosition]]:
    """For rows of so many panels: of each row its heading, then its panels, four abreast."""
    rows: list[list[TilePosition]] = []
    top = 0
    for count in panels:
        heading = TilePosition(0, top, COLUMNS, HEADING)
        grid = [TilePosition(n * WIDTH % COLUMNS, top + HEADING + n * WIDTH // COLUMNS * HEIGHT) for n in range(count)]
        rows.append([heading, *grid])
        top = grid[-1].y + HEIGHT if grid else top + HEADING
    return rows


def tiles(targets: GcpTargets, rows: Sequence[DashboardRow]) -> list[Widget]:
    """Every tile of the rows."""
    spots = tile_positions([len(shown.panels) for shown in rows])
    widgets = [[_heading(shown), *(_widget(targets, shown, panel) for panel in shown.panels)] for shown in rows]
    return [
        {"xPos": spot.x, "yPos": spot.y, "width": spot.width, "height": spot.height, "widget": widget}
        for spots_of_row, widgets_of_row in zip(spots, widgets, strict=True)
        for spot, widget in zip(spots_of_row, widgets_of_row, strict=True)
    ]


def _heading(shown: DashboardRow) -> Widget:
    return {"title": shown.name, "sectionHeader": {"subtitle": "", "dividerBelow": True}}


def _widget(targets: GcpTargets, shown: DashboardRow, panel: Panel) -> Widget:
    if panel.shows == GraphOnlyMetric.SPENDING:
        return {"title": panel.title, "text": {"format": "MARKDOWN", "content": _note(targets, panel)}}
    if panel.shows == GraphOnlyMetric.REQUESTS:
        rule = replace(
            targets.context.alarm_rules.rule(shown.name, Signal.ERROR_PERCENT), period_seconds=panel.period_seconds
        )
        return _graph(panel.title, panel.unit, _query(targets, rule, REQUESTS, targets.all_series(rule)), None)
    rule = targets.context.alarm_rules.rule(shown.name, Signal(panel.shows))
    metric = metric_for(METRICS, rule)
    query = _ratio(targets, rule, metric) if metric.share else _query(targets, rule, metric, targets.series(rule))
    return _graph(_title(panel, metric), f"{panel.unit}, as measured", query, targets.limit(rule))


def _title(panel: Panel, metric: GcpMetric) -> str:
    """Copies are drawn as they are, so the title must not promise those that are missing."""
    return "Copies, at least as many as the line" if panel.shows == Signal.MISSING_REPLICAS else panel.title


def _note(targets: GcpTargets, panel: Panel) -> str:
    budget = "" if panel.threshold is None else f" The budget is {panel.threshold:g} US dollars a month."
    project = targets.context.project
    return f"[Spending of {project}](https://console.cloud.google.com/billing/linkedaccount?project={project}).{budget}"


def _graph(title: str, unit: str, query: Mapping[str, object], limit: float | None) -> Widget:
    lines = [] if limit is None else [{"value": limit}]
    data = {"plotType": "LINE", "targetAxis": "Y1", "timeSeriesQuery": query}
    return {
        "title": title,
        "xyChart": {"dataSets": [data], "thresholds": lines, "yAxis": {"label": unit, "scale": "LINEAR"}},
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
