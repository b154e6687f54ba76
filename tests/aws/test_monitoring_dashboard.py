"""Dashboard: rows, metrics and layout."""

import json
from functools import cache
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.aws.monitoring.dashboard import COLUMNS, WidgetBox, boxes, line_below
from tests.aws.plans import changed, production_plan
from tests.aws.readers import json_object, lists, number, strings, text

Widget = dict[str, object]


def widgets(plan: Inventory) -> list[Widget]:
    (dashboard,) = plan.of_type("cloudwatch:Dashboard")
    return json.loads(text(dashboard.inputs["dashboardBody"]))["widgets"]


@cache
def graphs() -> dict[str, list[dict[str, object]]]:
    """Properties of the graphs, by the heading above them."""
    rows: dict[str, list[dict[str, object]]] = {}
    heading = ""
    for widget in widgets(production_plan()):
        properties = json_object(widget["properties"])
        if widget["type"] == "text":
            heading = text(properties["markdown"]).removeprefix("## ")
        elif widget["type"] == "metric":
            rows.setdefault(heading, []).append(properties)
    return rows


def titled(row: str, title: str) -> dict[str, object]:
    return next(properties for properties in graphs()[row] if properties["title"] == title)


def test_each_service_each_part_and_costs_have_a_row() -> None:
    assert list(graphs()) == [
        "chat",
        "gateway",
        "worker",
        "database",
        "cache",
        "entry firewall",
        "account permissions",
        "network flows",
        "models",
        "money",
    ]


def test_every_graph_names_its_region() -> None:
    regions = {properties["region"] for row, panels in graphs().items() for properties in panels if row != "money"}
    assert regions == {"us-west-2"}


def test_costs_are_read_from_the_billing_region() -> None:
    assert titled("money", "Spending this month")["region"] == "us-east-1"


def test_a_graph_shows_the_threshold_of_its_alarm() -> None:
    assert titled("database", "CPU")["annotations"] == {"horizontal": [{"label": "alarm", "value": 80}]}


def test_the_spending_graph_shows_the_budget() -> None:
    annotations = titled("money", "Spending this month")["annotations"]
    assert annotations == {"horizontal": [{"label": "alarm", "value": 4000}]}


def test_the_graph_of_backups_has_no_threshold() -> None:
    assert "annotations" not in titled("database", "Backups")


def test_metric_math_hides_its_source_metrics() -> None:
    metrics = [json_object(entry[-1]) for entry in lists(titled("gateway", "Errors (5xx)")["metrics"])]
    assert [metric.get("visible", True) for metric in metrics] == [False, False, False, True]


def test_every_alarm_is_listed() -> None:
    plan = production_plan()
    (listed,) = [widget for widget in widgets(plan) if widget["type"] == "alarm"]
    arns = strings(json_object(listed["properties"])["alarms"])
    without_actions = {"slo-1h-long", "slo-1h-short", "slo-6h-long", "slo-6h-short", "slo-24h-long", "slo-24h-short"}
    alarms = [r for kind in ("MetricAlarm", "CompositeAlarm") for r in plan.of_type(f"cloudwatch:{kind}")]
    named = {
        f"<{r.short_type} {r.name}>.arn"
        for r in alarms
        if r.name.removeprefix("prod-monitoring-") not in without_actions
    }
    assert set(arns) == named


def test_widgets_do_not_overlap() -> None:
    cells: set[tuple[int, int]] = set()
    for widget in widgets(production_plan()):
        x, y, width, height = (number(widget[key]) for key in ("x", "y", "width", "height"))
        covered = {(column, line) for column in range(x, x + width) for line in range(y, y + height)}
        assert not covered & cells
        cells |= covered


def test_without_dashboards_there_is_no_dashboard() -> None:
    assert not changed({"monitoring.dashboards": False}).of_type("cloudwatch:Dashboard")


@given(st.integers(0, 200), st.integers(0, 60))
def test_panels_stay_on_the_grid_and_do_not_overlap(top: int, count: int) -> None:
    positions = boxes(top, count)
    assert all(box.x >= 0 and box.x + box.width <= COLUMNS and top <= box.y for box in positions)
    assert all(box.y + box.height <= line_below(top, count) for box in positions)
    assert not any(_overlap(one, other) for one, other in combinations(positions, 2))


def _overlap(one: WidgetBox, other: WidgetBox) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)
