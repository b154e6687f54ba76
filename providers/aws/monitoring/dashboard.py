"""One dashboard: the alarms, then a row for each service, the database, the cache and money.

The rows are the contract's; the graphs read the same metrics as the alarms. Costs are counted in one region of the
partition, and only after somebody allowed billing metrics in the account.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.monitoring.metrics import MEASURES, ROWS, MetricRow
from providers.aws.monitoring.panels import (
    ALARMS_HEIGHT,
    COLUMNS,
    HEADING_HEIGHT,
    TITLE_HEIGHT,
    Widget,
    WidgetBox,
    alarm_list,
    below,
    boxes,
    graph,
    text,
)
from providers.aws.monitoring.targets import AwsAlarmTarget
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
