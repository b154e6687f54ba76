"""Refusals and adjustments of monitoring, and the budget."""

from automation.plan.inventory import Inventory
from providers.aws.monitoring.limits import (
    MAX_WIDGETS,
    database_sizes,
    dollars,
    monitoring_adjustments,
    monitoring_refusals,
)
from providers.contract.spec import Platform
from tests.aws.plans import TOPICS, changed, production_plan, spec_of
from tests.aws.readers import json_object, json_objects
from tests.planning import DROP, production


def adjusted_keys(spec: Platform) -> set[str]:
    return {adjustment.key for adjustment in monitoring_adjustments(spec)}


def test_production_is_not_refused() -> None:
    assert monitoring_refusals(spec_of(), "prod") == []


def test_slack_is_refused_in_regions_without_amazon_q() -> None:
    (refusal,) = monitoring_refusals(spec_of({"aws.region": "cn-north-1"}), "prod")
    assert refusal.key == "monitoring.slack"
    assert "monitoring.emails" in str(refusal)


def test_more_widgets_than_a_dashboard_may_have_are_refused() -> None:
    services = json_object(production(cloud="aws")["services"])
    many = {f"chat-{number}": services["chat"] for number in range(MAX_WIDGETS // 4)}
    spec = spec_of({"services": {**services, **many}})
    assert [refusal.key for refusal in monitoring_refusals(spec, "prod")] == ["monitoring.dashboards"]
    without_dashboards = spec_of({"services": {**services, **many}, "monitoring.dashboards": False})
    assert monitoring_refusals(without_dashboards, "prod") == []


def test_the_storage_alarm_of_growing_storage_uses_its_initial_size() -> None:
    adjustment = next(a for a in monitoring_adjustments(spec_of()) if a.key == "database.max_storage_gib")
    assert "below 15 GiB" in adjustment.reason
    assert "database.max_storage_gib" not in adjusted_keys(spec_of({"database.max_storage_gib": 100}))


def test_an_slo_without_a_public_service_is_ignored() -> None:
    hidden = {"services.gateway.path": DROP, "ingress": DROP}
    assert "monitoring.slo" in adjusted_keys(spec_of(hidden))
    assert "monitoring.slo" not in adjusted_keys(spec_of())


def test_errors_of_the_load_balancer_count_for_every_public_service() -> None:
    assert "monitoring.alerts.error_percent" not in adjusted_keys(spec_of())
    assert "monitoring.alerts.error_percent" in adjusted_keys(spec_of({"services.chat.path": "/chat"}))


def test_prometheus_scrapes_services_only() -> None:
    adjustment = next(a for a in monitoring_adjustments(spec_of()) if a.key == "monitoring.prometheus")
    assert "database and cache" in adjustment.reason
    assert "monitoring.prometheus" not in adjusted_keys(spec_of({"monitoring.prometheus": False}))


def test_the_budget_covers_the_whole_account() -> None:
    assert "budget.monthly_usd" in adjusted_keys(spec_of())
    assert "budget.monthly_usd" not in adjusted_keys(spec_of({"budget": DROP}))


def test_administrators_of_a_grafana_are_refused() -> None:
    spec = spec_of({"monitoring.grafana_admins": ["00000000-0000-0000-0000-000000000005"]})
    (refusal,) = monitoring_refusals(spec, "prod")
    assert (refusal.key, refusal.fix) == ("monitoring.grafana_admins", "remove it")


def test_the_budget_is_the_monthly_amount_of_the_spec() -> None:
    (budget,) = changed({"budget.monthly_usd": 1234.5}).of_type("budgets:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("1234.50", "USD")
    assert budget.inputs["timeUnit"] == "MONTHLY"
    assert "region" not in budget.inputs


def test_only_actual_spending_is_critical() -> None:
    (budget,) = production_plan().of_type("budgets:Budget")
    notifications = json_objects(budget.inputs["notifications"])
    rows = [(n["notificationType"], n["threshold"], n["subscriberSnsTopicArns"]) for n in notifications]
    assert rows == [
        ("ACTUAL", 80, [TOPICS["warning"]]),
        ("FORECASTED", 100, [TOPICS["warning"]]),
        ("ACTUAL", 100, [TOPICS["critical"]]),
    ]


def test_a_budget_needs_no_management_account(prod: Inventory) -> None:
    assert not [resource for resource in prod.custom if resource.type.startswith("aws:costexplorer/")]


def test_without_a_budget_there_is_no_budget_alarm() -> None:
    assert not changed({"budget": DROP}).of_type("budgets:Budget")


def test_amounts_have_two_decimals() -> None:
    assert dollars(1_000_000) == "1000000.00"


def test_sizes_of_the_database_are_in_bytes_and_connections() -> None:
    database = spec_of().database
    assert database is not None
    assert database_sizes(database, 200) == {"storage_bytes": 100 * 2**30, "max_connections": 200}


def test_the_alarm_on_permissions_needs_a_trail_of_the_account() -> None:
    key = "monitoring.alerts.permission_changes"
    (adjusted,) = [each for each in monitoring_adjustments(spec_of()) if each.key == key]
    assert "CloudTrail trail" in adjusted.reason
    assert key not in adjusted_keys(spec_of({key: False}))
