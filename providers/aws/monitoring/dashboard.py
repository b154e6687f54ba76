"""Dashboard: the alarms, then a row for each service, the database, the cache and costs.

The contract decides the rows; graphs show the metrics that the alarms evaluate. Costs are recorded in one region of the
partition, after billing metrics were enabled in the account.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.monitoring.metric_queries import MetricQuery
from providers.aws.monitoring.metrics import (
    GRAPH_METRICS,
    SIGNAL_QUERIES,
    AwsAlarmTarget,
    MetricReading,
    expression,
    readings,
)
from providers.contract.alarms import Signal
from providers.contract.component import Scope
from providers.contract.dashboard import GraphOnlyMetric, Panel, dashboard_rows

BILLING_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
MAX_ALARMS_PER_WIDGET = 100
"""Maximum number of alarms in a widget."""
Widget = dict[str, object]
"""Widget with CloudWatch's keys; values may be Outputs."""
COLUMNS = 24
PANEL_WIDTH, PANEL_HEIGHT = 6, 6
TITLE_HEIGHT, HEADING_HEIGHT, ALARMS_HEIGHT = 2, 1, 4


@dataclass(frozen=True)
class DashboardContent:
    """Content of the dashboard: the public URL, every alarm's ARN, and the targets by row name."""

    url: pulumi.Output[str]
    alarms: Sequence[pulumi.Output[str]]
    targets: Mapping[str, AwsAlarmTarget]


@dataclass(frozen=True)
class WidgetBox:
    """Position and size of a widget, in cells of the grid."""

    x: int
    y: int
    width: int
    height: int


def create_dashboard(scope: Scope, context: AwsContext, content: DashboardContent) -> pulumi.Output[str]:
    """Declare the dashboard; returns its URL in the console."""
    dashboard = aws.cloudwatch.Dashboard(
        scope.named(),
        dashboard_name=scope.named(),
        dashboard_body=pulumi.Output.json_dumps({"widgets": list(widgets(context, content))}),
        opts=scope.opts(),
    )
    host = f"https://{context.region}.{CONSOLES[context.partition]}/cloudwatch/home?region={context.region}"
    return pulumi.Output.concat(host, "#dashboards/dashboard/", dashboard.dashboard_name)


def widgets(context: AwsContext, content: DashboardContent) -> Iterator[Widget]:
    """Widgets of the title, the alarms, and a heading and the graphs of each row."""
    title = pulumi.Output.concat("# ", context.stack, "\n", content.url)
    yield text(WidgetBox(0, 0, COLUMNS, TITLE_HEIGHT), title)
    line = TITLE_HEIGHT
    for first in range(0, len(content.alarms), MAX_ALARMS_PER_WIDGET):
        arns = content.alarms[first : first + MAX_ALARMS_PER_WIDGET]
        yield alarm_list(WidgetBox(0, line, COLUMNS, ALARMS_HEIGHT), "Alarms", arns)
        line += ALARMS_HEIGHT
    for row in dashboard_rows(context.spec, context.alarm_rules.of_cloud):
        yield text(WidgetBox(0, line, COLUMNS, HEADING_HEIGHT), f"## {row.name}")
        line += HEADING_HEIGHT
        for panel, box in zip(row.panels, boxes(line, len(row.panels)), strict=True):
            yield graph(box, panel, metrics_of(panel), content.targets[row.name], region_of(panel, context))
        line = line_below(line, len(row.panels))


def metrics_of(panel: Panel) -> MetricQuery:
    """CloudWatch query of a panel."""
    return SIGNAL_QUERIES[panel.shows] if isinstance(panel.shows, Signal) else GRAPH_METRICS[panel.shows]


def region_of(panel: Panel, context: AwsContext) -> str:
    """Region of a panel's metrics: the stack's, except for costs."""
    return BILLING_REGIONS[context.partition] if panel.shows is GraphOnlyMetric.SPENDING else context.region


def boxes(top: int, count: int) -> list[WidgetBox]:
    """Positions of `count` panels from line `top`, as many side by side as the grid allows."""
    across = COLUMNS // PANEL_WIDTH
    lines = (divmod(number, across) for number in range(count))
    return [
        WidgetBox(column * PANEL_WIDTH, top + line * PANEL_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT) for line, column in lines
    ]


def line_below(top: int, count: int) -> int:
    """First line below `count` panels that begin at line `top`."""
    return max((box.y + box.height for box in boxes(top, count)), default=top)


def text(box: WidgetBox, markdown: pulumi.Input[str]) -> Widget:
    """Text widget."""
    return _widget("text", box, {"markdown": markdown})


def alarm_list(box: WidgetBox, title: str, arns: Sequence[pulumi.Input[str]]) -> Widget:
    """Widget with the states of at most a hundred alarms."""
    return _widget("alarm", box, {"title": title, "alarms": list(arns)})


def graph(box: WidgetBox, panel: Panel, query: MetricQuery, target: AwsAlarmTarget, region: str) -> Widget:
    """Graph of a panel, with its threshold as a line."""
    properties: Widget = {
        "title": panel.title,
        # without it the graph uses the region of the viewer's console
        "region": region,
        "view": "timeSeries",
        "period": panel.period_seconds,
        "metrics": list(_graph_metrics(panel, query, target)),
        "yAxis": {"left": {"label": panel.unit, "showUnits": False, "min": 0}},
    }
    if panel.threshold is not None and query.absence is None:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": panel.threshold}]}
    return _widget("metric", box, properties)


def _graph_metrics(panel: Panel, query: MetricQuery, target: AwsAlarmTarget) -> Iterator[list[object]]:
    math = expression(query, target)
    label: Mapping[str, object] = {"visible": False} if math else {"label": panel.title}
    for reading in readings(query, target):
        yield [*_metric_path(reading), {"id": reading.id, "stat": reading.metric.stat, **label}]
    if math:
        yield [{"id": "result", "expression": math, "label": panel.title}]


def _metric_path(reading: MetricReading) -> list[object]:
    """Return `namespace, metric, dimension, value, dimension, value, ...`."""
    dimensions = [word for pair in reading.dimensions.items() for word in pair]
    return [reading.namespace, reading.metric.name, *dimensions]


def _widget(kind: str, box: WidgetBox, properties: Widget) -> Widget:
    return {"type": kind, "x": box.x, "y": box.y, "width": box.width, "height": box.height, "properties": properties}
