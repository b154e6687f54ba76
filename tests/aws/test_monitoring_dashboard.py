"""The dashboard on AWS: a row for each part, the metrics of the alarms, nothing on top of each other."""

import json
from functools import cache
from itertools import combinations
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.aws.monitoring.dashboard import COLUMNS, WidgetBox, below, boxes
from tests.aws.monitored import monitored

Widget = dict[str, object]


def widgets(plan: Inventory) -> list[Widget]:
    (dashboard,) = plan.of_type("cloudwatch:Dashboard")
    return json.loads(cast("str", dashboard.inputs["dashboardBody"]))["widgets"]


@cache
def graphs() -> dict[str, list[dict[str, object]]]:
    """Properties of the graphs, by the heading above them."""
    rows: dict[str, list[dict[str, object]]] = {}
    heading = ""
    for widget in widgets(monitored()):
        properties = cast("dict[str, object]", widget["properties"])
        if widget["type"] == "text":
            heading = cast("str", properties["markdown"]).removeprefix("## ")
        elif widget["type"] == "metric":
            rows.setdefault(heading, []).append(properties)
    return rows


def titled(row: str, title: str) -> dict[str, object]:
    return next(properties for properties in graphs()[row] if properties["title"] == title)


def test_there_is_a_row_for_each_service_the_database_the_cache_and_money() -> None:
    assert list(graphs()) == ["gateway", "chat", "worker", "database", "cache", "money"]


def test_every_graph_names_its_region() -> None:
    regions = {properties["region"] for row, shown in graphs().items() for properties in shown if row != "money"}
    assert regions == {"us-west-2"}


def test_money_is_counted_where_aws_counts_it() -> None:
    assert titled("money", "Spending this month")["region"] == "us-east-1"


def test_a_graph_draws_the_threshold_of_its_alarm() -> None:
    assert titled("database", "CPU")["annotations"] == {"horizontal": [{"label": "alarm", "value": 80}]}


def test_the_budget_is_a_line_over_the_spending() -> None:
    drawn = titled("money", "Spending this month")["annotations"]
    assert drawn == {"horizontal": [{"label": "alarm", "value": 800}]}


def test_finished_backups_have_no_upper_line() -> None:
    assert "annotations" not in titled("database", "Backups")


def test_metric_math_hides_what_it_is_made_of() -> None:
    metrics = cast("list[list[dict[str, object]]]", titled("gateway", "Errors (5xx)")["metrics"])
    assert [metric[-1].get("visible", True) for metric in metrics] == [False, False, False, True]


def test_every_alarm_is_listed() -> None:
    plan = monitored()
    (listed,) = [widget for widget in widgets(plan) if widget["type"] == "alarm"]
    arns = cast("list[str]", cast("dict[str, object]", listed["properties"])["alarms"])
    silent = {"slo-1h-long", "slo-1h-short", "slo-6h-long", "slo-6h-short", "slo-24h-long", "slo-24h-short"}
    speaking = [r for kind in ("MetricAlarm", "CompositeAlarm") for r in plan.of_type(f"cloudwatch:{kind}")]
    named = {
        f"<{r.short_type} {r.name}>.arn" for r in speaking if r.name.removeprefix("prod-monitoring-") not in silent
    }
    assert set(arns) == named


def test_no_widget_covers_another() -> None:
    cells: set[tuple[int, int]] = set()
    for widget in widgets(monitored()):
        x, y, width, height = (cast("int", widget[key]) for key in ("x", "y", "width", "height"))
        own = {(column, line) for column in range(x, x + width) for line in range(y, y + height)}
        assert not own & cells
        cells |= own


def test_without_dashboards_nothing_is_drawn() -> None:
    assert not monitored({"monitoring.dashboards": False}).of_type("cloudwatch:Dashboard")


@given(st.integers(0, 200), st.integers(0, 60))
def test_panels_stay_on_the_grid_and_apart(top: int, count: int) -> None:
    placed = boxes(top, count)
    assert all(box.x >= 0 and box.x + box.width <= COLUMNS and top <= box.y for box in placed)
    assert all(box.y + box.height <= below(top, count) for box in placed)
    assert not any(_overlap(one, other) for one, other in combinations(placed, 2))


def _overlap(one: WidgetBox, other: WidgetBox) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)
