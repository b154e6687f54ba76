"""Content of the dashboard, the same on every cloud."""

from providers.contract.alarms import Signal, alarm_rules
from providers.contract.dashboard import TITLES, DashboardRow, GraphOnlyMetric, dashboard_rows
from tests.contract.test_alarms import spec_of
from tests.planning import DROP


def row(name: str) -> DashboardRow:
    return next(row for row in dashboard_rows(spec_of(), alarm_rules(spec_of())) if row.name == name)


def test_every_metric_has_a_title_and_a_unit() -> None:
    assert set(TITLES) == {*Signal, *GraphOnlyMetric}


def test_rows_follow_the_file_and_end_with_cost() -> None:
    assert [row.name for row in dashboard_rows(spec_of(), alarm_rules(spec_of()))] == [
        "gateway",
        "chat",
        "worker",
        "database",
        "cache",
        "entry firewall",
        "account permissions",
        "network flows",
        "models",
        "tokens",
        "money",
    ]


def test_every_rule_has_a_panel_with_its_threshold() -> None:
    shown = {
        (row.name, panel.shows, panel.threshold)
        for row in dashboard_rows(spec_of(), alarm_rules(spec_of()))
        for panel in row.panels
    }
    assert {(rule.name, rule.signal, rule.threshold) for rule in alarm_rules(spec_of())} <= shown


def test_only_public_services_count_requests() -> None:
    assert row("gateway").panels[0].shows is GraphOnlyMetric.REQUESTS
    assert GraphOnlyMetric.REQUESTS not in {panel.shows for panel in row("chat").panels}


def test_the_cost_panel_has_the_budget_as_its_line() -> None:
    (spending,) = row("money").panels
    assert (spending.shows, spending.threshold) == (GraphOnlyMetric.SPENDING, 4000)


def test_without_a_budget_the_cost_panel_has_no_line() -> None:
    (spending,) = dashboard_rows(spec_of(budget=DROP), alarm_rules(spec_of(budget=DROP)))[-1].panels
    assert spending.threshold is None
