"""What monitoring promises, keeps and spends: SLO, channels, logs, budget."""

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from components.validation.parse import parse
from providers.contract.alarms import BURN_RATES, BurnRate
from providers.contract.diagnostics import InvalidConfiguration
from providers.gcp.monitoring.limits import burn_limit, money, monitoring_adjustments
from tests.gcp.variants import deep, spec_of, staging
from tests.planning import production


def test_a_public_service_promises_to_answer_and_to_be_quick(prod: Inventory) -> None:
    answers, speed = (prod.one(f"prod-monitoring-gateway-{part}").inputs for part in ("availability", "speed"))
    assert (answers["goal"], answers["rollingPeriodDays"]) == (0.999, 30)
    assert (speed["goal"], deep(speed, "basicSli", "latency", "threshold")) == (0.95, "2s")


def test_a_promise_names_the_service_it_is_about(prod: Inventory) -> None:
    basic = prod.one("prod-monitoring-gateway-promise").inputs["basicService"]
    labels = {"service_name": "prod-gateway", "location": "us-central1"}
    assert basic == {"serviceType": "CLOUD_RUN", "serviceLabels": labels}


@pytest.mark.parametrize("rate", BURN_RATES, ids=lambda rate: f"{rate.long_seconds} seconds")
def test_a_budget_that_burns_in_both_windows_fires(prod: Inventory, rate: BurnRate) -> None:
    policy = prod.one(f"prod-monitoring-gateway-availability-burn-{rate.long_seconds // 3600}h").inputs
    conditions = [deep(part, "conditionThreshold") for part in cast("list[object]", policy["conditions"])]
    assert policy["combiner"] == "AND" and policy["severity"] == rate.severity.upper()
    assert [deep(part, "thresholdValue") for part in conditions] == [rate.factor, rate.factor]
    windows = (f'"{rate.long_seconds}s")', f'"{rate.short_seconds}s")')
    assert all(cast("str", deep(part, "filter")).endswith(end) for part, end in zip(conditions, windows, strict=True))


@given(st.sampled_from(BURN_RATES), st.floats(90, 99.9))
def test_a_total_outage_always_fires(rate: BurnRate, percent: float) -> None:
    assert burn_limit(rate, percent) < 100 / (100 - percent)
    assert burn_limit(rate, percent) <= rate.factor


def test_without_an_slo_nothing_is_promised() -> None:
    assert not staging().of_type("monitoring:Slo") and not staging().of_type("monitoring:GenericService")


def test_a_promise_that_google_does_not_take_is_refused() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production({"monitoring.slo.availability_percent": 99.95}, cloud="gcp"), "prod")
    assert str(caught.value) == (
        "monitoring.slo.availability_percent: 99.95 is not possible on gcp: an SLO of Cloud Monitoring promises at most "
        "99.9; promise that or less."
    )


def test_an_address_is_a_channel_whose_name_does_not_show_it(prod: Inventory) -> None:
    (channel,) = prod.of_type("monitoring:NotificationChannel")
    assert channel.inputs["labels"] == {"email_address": "oncall@example.com"}
    assert "oncall" not in channel.name and channel.inputs["forceDelete"] is True


def test_slack_is_told_to_be_authorised_by_hand() -> None:
    told = {found.key: found.reason for found in monitoring_adjustments(spec_of())}
    assert "the notification channel named T0000000/C0000000" in told["monitoring.slack"]


def test_logs_are_kept_as_long_as_asked_under_a_key(prod: Inventory) -> None:
    bucket = prod.one("prod-monitoring-logs").inputs
    assert bucket["retentionDays"] == 365 and staging().one("prod-monitoring-logs").inputs["retentionDays"] == 7
    assert bucket["cmekSettings"] == {"kmsKeyName": "<kms:CryptoKey prod-keys-telemetry>.id"}


@pytest.mark.parametrize(
    "part",
    [
        'resource.labels.service_name=("prod-chat" OR "prod-gateway")',
        'resource.labels.worker_pool_name=("prod-worker")',
        'resource.labels.database_id=("acme-agents:<sql:DatabaseInstance prod-database>.name")',
        'resource.labels.backend_service_name=~"^prod-entry-"',
        'resource.labels.subnetwork_name=~"^prod-network-"',
    ],
)
def test_everything_the_stack_writes_is_kept(prod: Inventory, part: str) -> None:
    assert part in cast("str", prod.one("prod-monitoring-to-logs").inputs["filter"])


def test_a_retention_below_the_projects_own_is_told() -> None:
    told = {found.key: found.reason for found in monitoring_adjustments(spec_of({"monitoring.log_retention_days": 7}))}
    assert "30 in the `_Default` bucket" in told["monitoring.log_retention_days"]


def test_a_budget_tells_at_80_and_100_percent_and_by_forecast(prod: Inventory) -> None:
    budget = prod.one("prod-monitoring-budget").inputs
    rules = cast("list[dict[str, object]]", budget["thresholdRules"])
    assert [(rule["thresholdPercent"], rule["spendBasis"]) for rule in rules] == [
        (0.8, "CURRENT_SPEND"), (1, "CURRENT_SPEND"), (1, "FORECASTED_SPEND"),
    ]  # fmt: skip
    assert deep(budget, "amount", "specifiedAmount") == {"currencyCode": "USD", "units": "800"}


def test_a_budget_counts_this_project_by_its_number(prod: Inventory) -> None:
    assert deep(prod.one("prod-monitoring-budget").inputs, "budgetFilter", "projects") == ["projects/111111111111"]


def test_a_budget_tells_the_addresses_and_no_other_channel(prod: Inventory) -> None:
    told = deep(prod.one("prod-monitoring-budget").inputs, "allUpdatesRule", "monitoringNotificationChannels")
    assert told == ["<monitoring:NotificationChannel prod-channels-email-d876c66b>.name"]
    given = {found.key: found.reason for found in monitoring_adjustments(spec_of())}
    assert "1 of the e-mail addresses" in given["budget.monthly_usd"]


def test_without_a_budget_none_is_made() -> None:
    assert not staging().of_type("billing:Budget")


@given(st.integers(0, 10**9))
def test_cents_are_kept(cents: int) -> None:
    units, nanos = money(cents / 100)
    assert units * 100 + nanos // 10**7 == cents and 0 <= nanos < 10**9
