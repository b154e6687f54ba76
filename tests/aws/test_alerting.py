"""What monitoring on AWS decides, refuses and does in its own way."""

from typing import cast

from providers.aws.monitoring.limits import (
    MAX_WIDGETS,
    anomaly_usd,
    database_sizes,
    dollars,
    monitoring_adjustments,
    monitoring_refusals,
)
from providers.contract.spec import BudgetSpec, Platform
from tests.aws.alone import spec_of
from tests.planning import DROP, production


def paths(spec: Platform) -> set[str]:
    return {note.key for note in monitoring_adjustments(spec)}


def test_production_is_not_refused() -> None:
    assert monitoring_refusals(spec_of(), "prod") == []


def test_slack_is_refused_where_aws_does_not_reach_it() -> None:
    (refusal,) = monitoring_refusals(spec_of({"aws.region": "cn-north-1"}), "prod")
    assert refusal.key == "monitoring.slack"
    assert "monitoring.emails" in str(refusal)


def test_more_graphs_than_cloudwatch_draws_are_refused() -> None:
    services = cast("dict[str, dict[str, object]]", production(cloud="aws")["services"])
    many = {f"chat-{number}": services["chat"] for number in range(MAX_WIDGETS // 4)}
    spec = spec_of({"services": {**services, **many}})
    assert [refusal.key for refusal in monitoring_refusals(spec, "prod")] == ["monitoring.dashboards"]
    undrawn = spec_of({"services": {**services, **many}, "monitoring.dashboards": False})
    assert monitoring_refusals(undrawn, "prod") == []


def test_a_disk_that_may_grow_is_watched_by_its_first_size() -> None:
    note = next(n for n in monitoring_adjustments(spec_of()) if n.key == "database.max_storage_gib")
    assert "less than 15 GiB" in note.reason
    assert "database.max_storage_gib" not in paths(spec_of({"database.max_storage_gib": 100}))


def test_a_promise_without_a_public_service_is_told() -> None:
    hidden = {"services.gateway.path": DROP, "ingress": DROP}
    assert "monitoring.slo" in paths(spec_of(hidden))
    assert "monitoring.slo" not in paths(spec_of())


def test_errors_that_several_services_share_are_told() -> None:
    assert "monitoring.alerts.error_percent" not in paths(spec_of())
    assert "monitoring.alerts.error_percent" in paths(spec_of({"services.chat.path": "/chat"}))


def test_what_prometheus_does_not_see_is_told() -> None:
    note = next(n for n in monitoring_adjustments(spec_of()) if n.key == "monitoring.prometheus")
    assert "database and cache" in note.reason
    assert "monitoring.prometheus" not in paths(spec_of({"monitoring.prometheus": False}))


def test_a_budget_of_the_whole_account_is_told() -> None:
    assert "budget.monthly_usd" in paths(spec_of())
    assert "budget.monthly_usd" not in paths(spec_of({"budget": DROP}))


def test_money_is_written_with_two_digits_however_much_it_is() -> None:
    assert dollars(1_000_000) == "1000000.00"
    assert anomaly_usd(BudgetSpec(monthly_usd=33.33)) == "3.33"


def test_sizes_of_the_database_are_in_bytes_and_connections() -> None:
    database = spec_of().database
    assert database is not None
    assert database_sizes(database, 200) == {"storage_bytes": 100 * 2**30, "max_connections": 200}
