"""Alarms of every rule, SLO alarms, dashboard and budget."""

import json

import pytest

from automation.plan.inventory import Inventory
from providers.azure.monitoring.dashboard import query_over_time
from providers.azure.monitoring.job_queries import DRILL_QUERIES, JOB_QUERIES
from providers.azure.monitoring.metrics import METRICS, QUERIES, burn_rate_query, iso_duration, window_seconds
from providers.contract.alarms import COST_SIGNALS, Signal, alarm_rules
from providers.contract.burn_rates import BURN_RATES
from providers.contract.diagnostics import Effect
from tests.azure.plans import (
    adjustments,
    context_of,
    error_keys,
    input_at,
    mapping_at,
    mappings_at,
    revealed_inputs,
    spec_of,
)
from tests.contract.signals import reported_signals
from tests.planning import DROP

SPEC = spec_of()


def criterion(plan: Inventory, key: str) -> dict[str, object]:
    (condition,) = mappings_at(plan.one(f"prod-monitoring-{key}"), "criteria.allOf")
    return condition


def test_every_signal_has_either_a_metric_or_a_query() -> None:
    tables = [set(METRICS), set(QUERIES), set(JOB_QUERIES), set(DRILL_QUERIES), set(COST_SIGNALS)]
    reported = reported_signals("azure") - {Signal.PERMISSION_CHANGES}  # an alert on the activity log has neither
    assert set().union(*tables) == reported and sum(len(table) for table in tables) == len(reported)


def test_every_rule_has_an_alert(prod: Inventory) -> None:
    for rule in alarm_rules(SPEC).of_cloud:
        assert prod.one(f"prod-monitoring-{rule.key}")


def test_a_window_covers_all_periods_of_its_rule() -> None:
    for rule in alarm_rules(SPEC).of_cloud:
        assert window_seconds(rule) >= rule.period_seconds * rule.periods


@pytest.mark.parametrize(("seconds", "text"), [(60, "PT1M"), (900, "PT15M"), (21600, "PT6H"), (86400, "P1D")])
def test_durations_are_in_iso_8601_format(seconds: int, text: str) -> None:
    assert iso_duration(seconds) == text


def test_cpu_is_compared_with_the_size_of_a_replica(prod: Inventory) -> None:
    condition = criterion(prod, "chat-cpu-percent")
    assert (condition["metricName"], condition["threshold"]) == ("UsageNanoCores", 0.8 * 10**9)


def test_memory_is_compared_in_bytes_and_critical(prod: Inventory) -> None:
    alarm = prod.one("prod-monitoring-chat-memory-percent")
    assert (alarm.inputs["severity"], criterion(prod, "chat-memory-percent")["threshold"]) == (1, round(2**31 * 0.85))
    assert input_at(alarm, "actions.0.actionGroupId") == "<monitor:ActionGroup prod-channels-critical>.id"


def test_missing_replicas_are_fewer_than_the_minimum(prod: Inventory) -> None:
    condition = criterion(prod, "chat-missing-replicas")
    assert (condition["metricName"], condition["operator"], condition["threshold"]) == ("Replicas", "LessThan", 3)


def test_one_failed_connection_in_a_minute_is_critical(prod: Inventory) -> None:
    alarm = prod.one("prod-monitoring-database-failed-connections").inputs
    assert (alarm["windowSize"], alarm["severity"]) == ("PT1M", 1)
    assert criterion(prod, "database-failed-connections")["threshold"] == 0


def test_storage_is_compared_with_the_maximum_size_of_the_disk(prod: Inventory) -> None:
    assert criterion(prod, "database-storage-percent")["threshold"] == round(500 * 2**30 * 0.85)


def test_connections_are_compared_with_the_servers_maximum(prod: Inventory) -> None:
    assert criterion(prod, "database-connections-percent")["threshold"] == 160


def test_the_error_percentage_is_queried_from_the_log_of_the_services_route(prod: Inventory) -> None:
    condition = criterion(prod, "gateway-error-percent")
    query = str(condition["query"])
    assert 'Resource =~ "prod-front"' in query and 'route =~ "gateway"' in query and "100.0 * errors" in query
    assert (condition["operator"], condition["threshold"]) == ("GreaterThan", 10)


def test_windows_and_queries_that_differ_from_the_rules_are_reported() -> None:
    reported = adjustments()
    assert "average of 5 minutes" in reported["monitoring.alerts.memory_percent"].reason
    for key in ("monitoring.alerts.error_percent", "monitoring.alerts.latency_p95_seconds"):
        assert reported[key].effect is Effect.ADJUSTED
        assert "every 5 minutes over the last 10" in reported[key].reason


def test_the_slo_has_an_alarm_for_each_pair_of_windows(prod: Inventory) -> None:
    for hours, pair in ((1, BURN_RATES[0]), (6, BURN_RATES[1]), (24, BURN_RATES[2])):
        alarm = prod.one(f"prod-monitoring-slo-{hours}h")
        assert alarm.inputs["windowSize"] == iso_duration(pair.long_seconds)
        assert f"ago({pair.short_seconds}s)" in str(criterion(prod, f"slo-{hours}h")["query"])


def test_a_burn_rate_must_be_exceeded_in_both_windows() -> None:
    assert "min_of(long_window, short_window) | where value >= 1.44" in burn_rate_query(context_of(), 1.44, 300)


def test_without_an_slo_there_is_no_burn_rate_alarm(minimal: Inventory) -> None:
    assert not [each for each in minimal.resources if "-slo-" in each.name]


def test_the_workbook_has_every_row(prod: Inventory) -> None:
    document = json.loads(str(revealed_inputs(prod.one("prod-monitoring-dashboard"))["serializedData"]))
    names = [item["name"] for item in document["items"]]
    assert [name for name in names if name.startswith("heading-")] == [
        f"heading-{row}"
        for row in (
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
        )
    ]
    assert "gateway-error-percent" in names and len(names) == len(set(names))


def test_a_graph_shows_the_alarms_query_over_time() -> None:
    query = query_over_time(context_of(), alarm_rules(SPEC).rule("gateway", Signal.ERROR_PERCENT))
    assert "by bin(TimeGenerated, 10m)" in query and "project TimeGenerated, value" in query


def test_without_dashboards_the_url_is_empty(minimal: Inventory) -> None:
    assert minimal.outputs["dashboard_url"] == ""


def test_the_budget_starts_in_the_configured_month(prod: Inventory) -> None:
    budget = prod.one("prod-monitoring-budget")
    assert input_at(budget, "timePeriod.startDate") == "2026-12-01T00:00:00Z"
    assert set(mapping_at(budget, "notifications")) == {"actual-80", "actual-100", "forecasted-100"}


def test_a_budget_without_a_start_month_is_refused() -> None:
    assert error_keys({"azure.budget_start": DROP}) == ["azure.budget_start"]
