"""Refusals and adjustments of monitoring."""

from providers.aws.monitoring.limits import (
    MAX_WIDGETS,
    anomaly_usd,
    database_sizes,
    dollars,
    monitoring_adjustments,
    monitoring_refusals,
)
from providers.contract.spec import BudgetSpec, Platform
from tests.aws.plans import spec_of
from tests.aws.readers import json_object
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


def test_amounts_have_two_decimals() -> None:
    assert dollars(1_000_000) == "1000000.00"
    assert anomaly_usd(BudgetSpec(monthly_usd=33.33)) == "3.33"


def test_sizes_of_the_database_are_in_bytes_and_connections() -> None:
    database = spec_of().database
    assert database is not None
    assert database_sizes(database, 200) == {"storage_bytes": 100 * 2**30, "max_connections": 200}
