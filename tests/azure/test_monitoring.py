"""Alarms for every rule, promises, channels, dashboard, budget."""

import json
from typing import cast

import pytest

from automation.plan.inventory import Inventory, Secret
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers.azure.limits import LIMITS
from providers.azure.monitoring.dashboard import over_time
from providers.azure.monitoring.limits import SLACK_SECRET
from providers.azure.monitoring.metrics import METRICS, QUERIES, burn_query, duration, window_seconds
from providers.contract.alarms import BURN_RATES, Signal, alarm_rules
from tests.azure.laid import at, opened, spec_of
from tests.planning import DROP, production

SPEC = spec_of()


def criterion(plan: Inventory, key: str) -> dict[str, object]:
    (found,) = cast("list[dict[str, object]]", at(plan.one(f"prod-monitoring-{key}"), "criteria.allOf"))
    return found


def test_every_signal_has_a_metric_or_a_question() -> None:
    assert set(METRICS) | set(QUERIES) == set(Signal) and not set(METRICS) & set(QUERIES)


def test_every_rule_has_an_alarm(prod: Inventory) -> None:
    for rule in alarm_rules(SPEC):
        assert prod.one(f"prod-monitoring-{rule.key}")


def test_a_window_holds_all_periods() -> None:
    for rule in alarm_rules(SPEC):
        assert window_seconds(rule) >= rule.period_seconds * rule.periods


@pytest.mark.parametrize(("seconds", "text"), [(60, "PT1M"), (900, "PT15M"), (21600, "PT6H"), (86400, "P1D")])
def test_times_are_written_as_azure_reads_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_cpu_is_held_against_the_size_of_a_copy(prod: Inventory) -> None:
    found = criterion(prod, "chat-cpu-percent")
    assert (found["metricName"], found["threshold"]) == ("UsageNanoCores", 0.8 * 10**9)


def test_memory_is_critical_and_in_bytes(prod: Inventory) -> None:
    alarm = prod.one("prod-monitoring-chat-memory-percent")
    assert (alarm.inputs["severity"], criterion(prod, "chat-memory-percent")["threshold"]) == (1, round(2**31 * 0.85))
    assert at(alarm, "actions.0.actionGroupId") == "<monitor:ActionGroup prod-channels-critical>.id"


def test_missing_copies_are_fewer_than_the_least(prod: Inventory) -> None:
    found = criterion(prod, "chat-missing-replicas")
    assert (found["metricName"], found["operator"], found["threshold"]) == ("Replicas", "LessThan", 3)


def test_one_failed_connection_in_a_minute_is_critical(prod: Inventory) -> None:
    alarm = prod.one("prod-monitoring-database-failed-connections").inputs
    assert (alarm["windowSize"], alarm["severity"]) == ("PT1M", 1)
    assert criterion(prod, "database-failed-connections")["threshold"] == 0


def test_the_disk_is_held_against_what_it_may_grow_to(prod: Inventory) -> None:
    assert criterion(prod, "database-storage-percent")["threshold"] == round(500 * 2**30 * 0.85)


def test_connections_are_held_against_the_servers_own_limit(prod: Inventory) -> None:
    assert criterion(prod, "database-connections-percent")["threshold"] == 160


def test_the_share_of_errors_is_asked_of_the_routes_own_lines(prod: Inventory) -> None:
    found = criterion(prod, "gateway-error-percent")
    query = str(found["query"])
    assert 'Resource =~ "prod-front"' in query and 'route =~ "gateway"' in query and "100.0 * errors" in query
    assert (found["operator"], found["threshold"]) == ("GreaterThan", 10)


def test_the_promise_has_an_alarm_for_each_pair_of_windows(prod: Inventory) -> None:
    for hours, pair in ((1, BURN_RATES[0]), (6, BURN_RATES[1]), (24, BURN_RATES[2])):
        alarm = prod.one(f"prod-monitoring-slo-{hours}h")
        assert alarm.inputs["windowSize"] == duration(pair.long_seconds)
        assert f"ago({pair.short_seconds}s)" in str(criterion(prod, f"slo-{hours}h")["query"])


def test_a_burn_must_show_in_both_windows() -> None:
    assert "min_of(long, short) | where value >= 1.44" in burn_query("prod", 1.44, 300)


def test_without_a_promise_there_is_no_burn_alarm(plain: Inventory) -> None:
    assert not [each for each in plain.resources if "-slo-" in each.name]


def test_slacks_webhook_is_a_secret_of_the_workflow(prod: Inventory) -> None:
    parameters = cast("dict[str, dict[str, object]]", prod.one("prod-channels-slack").inputs["parameters"])
    assert parameters["webhook"]["type"] == "SecureString" and isinstance(parameters["webhook"]["value"], Secret)


def test_the_workflows_own_address_is_a_secret(prod: Inventory) -> None:
    (receiver,) = cast("list[dict[str, object]]", prod.one("prod-channels-critical").inputs["logicAppReceivers"])
    assert isinstance(receiver["callbackUrl"], Secret)


def test_slack_demands_its_webhook() -> None:
    assert SLACK_SECRET in stack_of("prod", {PLATFORM_KEY: production(cloud="azure")}).missing_secrets
    quiet = production({"monitoring.slack": DROP}, cloud="azure")
    assert SLACK_SECRET not in stack_of("prod", {PLATFORM_KEY: quiet}).missing_secrets


def test_every_address_hears_of_both_severities(prod: Inventory) -> None:
    for severity in ("warning", "critical"):
        assert at(prod.one(f"prod-channels-{severity}"), "emailReceivers.0.emailAddress") == "oncall@example.com"


def test_the_workbook_draws_every_row(prod: Inventory) -> None:
    document = json.loads(str(opened(prod.one("prod-monitoring-dashboard"))["serializedData"]))
    names = [item["name"] for item in document["items"]]
    assert [name for name in names if name.startswith("heading-")] == [
        f"heading-{row}" for row in ("chat", "gateway", "worker", "database", "cache", "money")
    ]
    assert "gateway-error-percent" in names and len(names) == len(set(names))


def test_a_graph_asks_the_alarms_question_for_each_window() -> None:
    rule = next(rule for rule in alarm_rules(SPEC) if rule.signal == Signal.ERROR_PERCENT)
    query = over_time("prod", rule)
    assert "by bin(TimeGenerated, 10m)" in query and "project TimeGenerated, value" in query


def test_without_dashboards_there_is_no_address(plain: Inventory) -> None:
    assert plain.outputs["dashboard_url"] == ""


def test_the_budget_begins_when_the_stack_says(prod: Inventory) -> None:
    budget = prod.one("prod-monitoring-budget")
    assert at(budget, "timePeriod.startDate") == "2026-12-01T00:00:00Z"
    assert set(cast("dict[str, object]", budget.inputs["notifications"])) == {
        "actual-80",
        "actual-100",
        "forecasted-100",
    }


def test_a_budget_without_a_beginning_is_refused() -> None:
    (refusal,) = LIMITS.refusals(spec_of({"azure.budget_start": DROP}), "prod")
    assert refusal.key == "azure.budget_start"


@pytest.mark.parametrize(("asked", "kept"), [(7, 30), (90, 90), (731, 730)])
def test_logs_are_kept_within_the_workspaces_bounds(asked: int, kept: int) -> None:
    told = [found for found in LIMITS.adjustments(spec_of({"monitoring.log_retention_days": asked}))]
    found = [each.reason for each in told if each.key == "monitoring.log_retention_days"]
    assert bool(found) == (asked != kept) and all(given.startswith(f"{kept}:") for given in found)


def test_the_workspace_takes_no_keys(prod: Inventory) -> None:
    workspace = prod.one("prod-logs")
    assert at(workspace, "features.disableLocalAuth") is True and workspace.inputs["retentionInDays"] == 365


def test_prometheus_has_the_same_rules_and_channels(prod: Inventory) -> None:
    rules = cast("list[dict[str, object]]", prod.one("prod-prometheus-gateway-rules").inputs["rules"])
    found = {rule["alert"]: rule for rule in rules}
    assert found["gateway-memory-percent"]["for"] == "PT120S"
    assert found["gateway-memory-percent"]["actions"] == [
        {"actionGroupId": "<monitor:ActionGroup prod-channels-critical>.id"}
    ]


def test_services_write_metrics_to_the_collection_rule_alone(prod: Inventory) -> None:
    grant = prod.one("prod-prometheus-chat-writes")
    assert grant.inputs["scope"] == "<monitor:DataCollectionRule prod-prometheus-collection>.id"


def test_without_prometheus_there_is_no_grafana(plain: Inventory) -> None:
    assert not plain.of_type("dashboard:Grafana") and not plain.of_type("monitor:AzureMonitorWorkspace")


def test_everything_that_can_says_what_happens_to_it(prod: Inventory) -> None:
    told = {str(each.inputs["resourceUri"]) for each in prod.of_type("monitor:DiagnosticSetting")}
    for kind in ("app:ManagedEnvironment", "app:ContainerApp", "cdn:Profile", "operationalinsights:Workspace"):
        for resource in prod.of_type(kind):
            assert f"<{kind} {resource.name}>.id" in told
