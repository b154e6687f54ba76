"""Service level objectives, notification channels, logs and budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.diagnostics import Adjustment, Effect, Unsupported
from providers.gcp.monitoring.limits import (
    burn_rate_threshold,
    money,
    monitoring_adjustments,
    monitoring_refusals,
)
from tests.gcp.plans import diagnostics, staging, text_at, unchecked_spec, value_at, values_at
from tests.planning import plan, production


def by_key(changes: dict[str, object] | None = None) -> dict[str, Adjustment]:
    return {adjustment.key: adjustment for adjustment in monitoring_adjustments(unchecked_spec(changes))}


def test_a_public_service_has_an_availability_and_a_latency_slo(prod: Inventory) -> None:
    availability, latency = (prod.one(f"prod-monitoring-gateway-{part}").inputs for part in ("availability", "speed"))
    assert (availability["goal"], availability["rollingPeriodDays"]) == (0.999, 30)
    assert (latency["goal"], value_at(latency, "basicSli", "latency", "threshold")) == (0.95, "2s")


def test_an_slo_refers_to_its_service(prod: Inventory) -> None:
    basic = prod.one("prod-monitoring-gateway-promise").inputs["basicService"]
    labels = {"service_name": "prod-gateway", "location": "us-central1"}
    assert basic == {"serviceType": "CLOUD_RUN", "serviceLabels": labels}


@pytest.mark.parametrize("rate", BURN_RATES, ids=lambda rate: f"{rate.long_seconds} seconds")
def test_an_error_budget_that_burns_in_both_windows_fires(prod: Inventory, rate: BurnRate) -> None:
    policy = prod.one(f"prod-monitoring-gateway-availability-burn-{rate.long_seconds // 3600}h").inputs
    conditions = [value_at(part, "conditionThreshold") for part in values_at(policy, "conditions")]
    assert policy["combiner"] == "AND" and policy["severity"] == rate.severity.upper()
    assert [value_at(part, "thresholdValue") for part in conditions] == [rate.factor, rate.factor]
    windows = (f'"{rate.long_seconds}s")', f'"{rate.short_seconds}s")')
    assert all(text_at(part, "filter").endswith(end) for part, end in zip(conditions, windows, strict=True))


@given(st.sampled_from(BURN_RATES), st.floats(90, 99.9))
def test_a_total_outage_always_fires(rate: BurnRate, percent: float) -> None:
    assert burn_rate_threshold(rate, percent) < 100 / (100 - percent)
    assert burn_rate_threshold(rate, percent) <= rate.factor


def test_without_an_slo_there_is_no_service_level_objective() -> None:
    assert not staging().of_type("monitoring:Slo") and not staging().of_type("monitoring:GenericService")


def test_an_slo_above_the_maximum_is_refused() -> None:
    assert diagnostics({"monitoring.slo.availability_percent": 99.95}) == (
        Unsupported(
            "gcp",
            "monitoring.slo.availability_percent",
            problem="99.95 % is more than the 99.9 % that an SLO of Cloud Monitoring can have",
            fix="use 99.9 or less",
        ),
    )


def test_the_logical_name_of_a_channel_does_not_contain_its_address(prod: Inventory) -> None:
    (channel,) = prod.of_type("monitoring:NotificationChannel")
    assert channel.inputs["labels"] == {"email_address": "oncall@example.com"}
    assert "oncall" not in channel.name and channel.inputs["forceDelete"] is True


def test_a_slack_channel_is_not_created() -> None:
    adjustment = by_key()["monitoring.slack"]
    assert adjustment.effect == Effect.ADJUSTED
    assert "the existing notification channel T0000000/C0000000" in adjustment.reason


def test_logs_have_the_retention_of_the_spec_and_a_key(prod: Inventory) -> None:
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
        'resource.type="dns_query" AND jsonPayload.sourceNetwork=~"^prod-network-"',
        'log_id("cloudaudit.googleapis.com/data_access")',
        'resource.type="cloud_run_job" AND resource.labels.job_name=~"^(prod-chat-run-[0-9a-f]{8}|prod-gateway-run-',
    ],
)
def test_every_log_entry_of_the_stack_is_routed_to_the_bucket(prod: Inventory, part: str) -> None:
    assert part in text_at(prod.one("prod-monitoring-to-logs").inputs, "filter")


def test_a_retention_below_that_of_administrative_audit_logs_is_partial() -> None:
    key = "monitoring.log_retention_days"
    adjustment = by_key({key: 7})[key]
    assert (adjustment.requested, adjustment.effect) == (7, Effect.PARTIAL)
    assert "`_Required` bucket keeps for 400 days" in adjustment.reason
    assert key not in by_key({key: 400})


def test_a_log_entry_of_the_stack_is_stored_once(prod: Inventory) -> None:
    exclusion, sink = prod.one("prod-monitoring-not-twice"), prod.one("prod-monitoring-to-logs")
    assert exclusion.inputs["filter"] == sink.inputs["filter"] and sink.urn in exclusion.depends_on


def test_administrative_audit_logs_are_copied_for_a_longer_retention_than_theirs() -> None:
    longer = plan(production({"monitoring.log_retention_days": 545}, cloud="gcp"))
    sink = text_at(longer.one("prod-monitoring-to-logs").inputs, "filter")
    excluded = text_at(longer.one("prod-monitoring-not-twice").inputs, "filter")
    assert sink == (
        f'{excluded} OR (log_id("cloudaudit.googleapis.com/activity") OR '
        'log_id("cloudaudit.googleapis.com/system_event"))'
    )


def test_administrators_of_a_grafana_are_refused() -> None:
    admins: dict[str, object] = {"monitoring.grafana_admins": ["00000000-0000-0000-0000-000000000009"]}
    (refusal,) = monitoring_refusals(unchecked_spec(admins), "prod")
    assert refusal.key == "monitoring.grafana_admins" and "no managed Grafana" in refusal.problem


def test_a_budget_notifies_at_80_and_100_percent_and_by_forecast(prod: Inventory) -> None:
    budget = prod.one("prod-monitoring-budget").inputs
    rules = values_at(budget, "thresholdRules")
    assert [(value_at(rule, "thresholdPercent"), value_at(rule, "spendBasis")) for rule in rules] == [
        (0.8, "CURRENT_SPEND"), (1, "CURRENT_SPEND"), (1, "FORECASTED_SPEND"),
    ]  # fmt: skip
    assert value_at(budget, "amount", "specifiedAmount") == {"currencyCode": "USD", "units": "4000"}


def test_a_budget_refers_to_the_number_of_the_project(prod: Inventory) -> None:
    assert value_at(prod.one("prod-monitoring-budget").inputs, "budgetFilter", "projects") == ["projects/111111111111"]


def test_a_budget_notifies_the_email_channels_only(prod: Inventory) -> None:
    channels = value_at(prod.one("prod-monitoring-budget").inputs, "allUpdatesRule", "monitoringNotificationChannels")
    assert channels == ["<monitoring:NotificationChannel prod-channels-email-d876c66b>.name"]
    adjustment = by_key()["budget.monthly_usd"]
    assert adjustment.effect == Effect.PARTIAL and "notifies 1 e-mail address only" in adjustment.reason
    emails = [f"oncall-{n}@example.com" for n in range(7)]
    assert "the first 5 of 7 e-mail addresses" in by_key({"monitoring.emails": emails})["budget.monthly_usd"].reason
    assert "administrators" in by_key({"monitoring.emails": []})["budget.monthly_usd"].reason


def test_without_a_budget_none_is_created() -> None:
    assert not staging().of_type("billing:Budget")


@given(st.integers(0, 10**9))
def test_money_keeps_cents(cents: int) -> None:
    units, nanos = money(cents / 100)
    assert units * 100 + nanos // 10**7 == cents and 0 <= nanos < 10**9
