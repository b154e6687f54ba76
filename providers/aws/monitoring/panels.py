"""The widgets of a CloudWatch dashboard as JSON-like data, and where each stands on its grid of 24 columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from providers.aws.monitoring.metrics import MetricRow
from providers.aws.monitoring.targets import AwsAlarmTarget, Reading, expression, readings
from providers.contract.dashboard import Panel

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
        "metrics": list(_metrics(panel, row, target)),
        "yAxis": {"left": {"label": panel.unit, "showUnits": False, "min": 0}},
    }
    if panel.threshold is not None and row.absence is None:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": panel.threshold}]}
    return _widget("metric", box, properties)


def _metrics(panel: Panel, row: MetricRow, target: AwsAlarmTarget) -> Iterator[list[object]]:
    math = expression(row, target)
    shown: Mapping[str, object] = {"visible": False} if math else {"label": panel.title}
    for reading in readings(row, target):
        yield [*_name(reading), {"id": reading.id, "stat": reading.metric.stat, **shown}]
    if math:
        yield [{"id": "result", "expression": math, "label": panel.title}]


def _name(reading: Reading) -> list[object]:
    """`namespace, metric, dimension, value, dimension, value, ...`."""
    dimensions = [word for pair in reading.dimensions.items() for word in pair]
    return [reading.namespace, reading.metric.name, *dimensions]


def _widget(kind: str, box: WidgetBox, properties: Widget) -> Widget:
    return {"type": kind, "x": box.x, "y": box.y, "width": box.width, "height": box.height, "properties": properties}
