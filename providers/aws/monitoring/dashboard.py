"""One dashboard: the alarms, then a row for each service, the database, the cache and money.

The rows are the contract's; the graphs read the same metrics as the alarms. Costs are counted in one region of the
partition, and only after somebody allowed billing metrics in the account.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.monitoring.metrics import MEASURES, ROWS, AwsAlarmTarget, MetricRow, Reading, expression, readings
from providers.contract.alarms import Signal
from providers.contract.component import Scope
from providers.contract.dashboard import GraphOnlyMetric, Panel, dashboard_rows

BILLING_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
MOST_ALARMS = 100
"""Alarms that one widget lists."""


@dataclass(frozen=True)
class Shown:
    """What the dashboard is drawn from: the public address, every alarm's ARN, and the targets by row name."""

    url: pulumi.Output[str]
    alarms: Sequence[pulumi.Output[str]]
    targets: Mapping[str, AwsAlarmTarget]


Widget = dict[str, object]
"""One widget with CloudWatch's own keys; values may be Outputs."""
COLUMNS = 24
PANEL_WIDTH, PANEL_HEIGHT = 6, 6
TITLE_HEIGHT, HEADING_HEIGHT, ALARMS_HEIGHT = 2, 1, 4


@dataclass(frozen=True)
class WidgetBox:
    """Where a widget stands: upper left corner and size, in cells of the grid."""

    x: int
    y: int
    width: int
    height: int


def create_dashboard(scope: Scope, context: AwsContext, shown: Shown) -> pulumi.Output[str]:
    """Draw the dashboard; gives its address in the console."""
    dashboard = aws.cloudwatch.Dashboard(
        scope.named(),
        dashboard_name=scope.named(),
        dashboard_body=pulumi.Output.json_dumps({"widgets": list(widgets(context, shown))}),
        opts=scope.opts(),
    )
    host = f"https://{context.region}.{CONSOLES[context.partition]}/cloudwatch/home?region={context.region}"
    return pulumi.Output.concat(host, "#dashboards/dashboard/", dashboard.dashboard_name)


def widgets(context: AwsContext, shown: Shown) -> Iterator[Widget]:
    """Title, alarms, and a heading and its graphs for each row."""
    title = pulumi.Output.concat("# ", context.stack, "\n", shown.url)
    yield text(WidgetBox(0, 0, COLUMNS, TITLE_HEIGHT), title)
    line = TITLE_HEIGHT
    for first in range(0, len(shown.alarms), MOST_ALARMS):
        arns = shown.alarms[first : first + MOST_ALARMS]
        yield alarm_list(WidgetBox(0, line, COLUMNS, ALARMS_HEIGHT), "Alarms", arns)
        line += ALARMS_HEIGHT
    for row in dashboard_rows(context.spec, context.alarm_rules):
        yield text(WidgetBox(0, line, COLUMNS, HEADING_HEIGHT), f"## {row.name}")
        line += HEADING_HEIGHT
        for panel, box in zip(row.panels, boxes(line, len(row.panels)), strict=True):
            yield graph(box, panel, metrics_of(panel), shown.targets[row.name], region_of(panel, context))
        line = below(line, len(row.panels))


def metrics_of(panel: Panel) -> MetricRow:
    """The row of the metric table that a panel shows."""
    return ROWS[panel.shows] if isinstance(panel.shows, Signal) else MEASURES[panel.shows]


def region_of(panel: Panel, context: AwsContext) -> str:
    """Region whose metrics a panel shows: the site's, but for money."""
    return BILLING_REGIONS[context.partition] if panel.shows is GraphOnlyMetric.SPENDING else context.region


def boxes(top: int, count: int) -> list[WidgetBox]:
    """Places of `count` panels from line `top` on, as many beside each other as the grid is wide."""
    across = COLUMNS // PANEL_WIDTH
    lines = (divmod(number, across) for number in range(count))
    return [
        WidgetBox(column * PANEL_WIDTH, top + line * PANEL_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT) for line, column in lines
    ]


def below(top: int, count: int) -> int:
    """First line beneath `count` panels that begin at line `top`."""
    return max((box.y + box.height for box in boxes(top, count)), default=top)


def text(box: WidgetBox, markdown: pulumi.Input[str]) -> Widget:
    """A line of words."""
    return _widget("text", box, {"markdown": markdown})


def alarm_list(box: WidgetBox, title: str, arns: Sequence[pulumi.Input[str]]) -> Widget:
    """Alarms with their states, a hundred at most."""
    return _widget("alarm", box, {"title": title, "alarms": list(arns)})


def graph(box: WidgetBox, panel: Panel, row: MetricRow, target: AwsAlarmTarget, region: str) -> Widget:
    """A panel as a graph of a row of the metric table, its threshold as a line."""
    properties: Widget = {
        "title": panel.title,
        # Without it the graph looks in the region of whoever opens it.
        "region": region,
        "view": "timeSeries",
        "period": panel.period_seconds,
        "metrics": list(_graph_metrics(panel, row, target)),
        "yAxis": {"left": {"label": panel.unit, "showUnits": False, "min": 0}},
    }
    if panel.threshold is not None and row.absence is None:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": panel.threshold}]}
    return _widget("metric", box, properties)


def _graph_metrics(panel: Panel, row: MetricRow, target: AwsAlarmTarget) -> Iterator[list[object]]:
    math = expression(row, target)
    shown: Mapping[str, object] = {"visible": False} if math else {"label": panel.title}
    for reading in readings(row, target):
        yield [*_metric_path(reading), {"id": reading.id, "stat": reading.metric.stat, **shown}]
    if math:
        yield [{"id": "result", "expression": math, "label": panel.title}]


def _metric_path(reading: Reading) -> list[object]:
    """`namespace, metric, dimension, value, dimension, value, ...`."""
    dimensions = [word for pair in reading.dimensions.items() for word in pair]
    return [reading.namespace, reading.metric.name, *dimensions]


def _widget(kind: str, box: WidgetBox, properties: Widget) -> Widget:
    return {"type": kind, "x": box.x, "y": box.y, "width": box.width, "height": box.height, "properties": properties}
