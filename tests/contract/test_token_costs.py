"""Cost of model tokens on every cloud: what is declared, what cannot be counted, and what a plan says."""

import json
from collections.abc import Mapping
from datetime import date
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers import AVAILABLE
from providers.aws.monitoring.limits import MAX_MODELS, MAX_MODELS_WITH_CACHE, token_refusals, uncounted_cache
from providers.aws.monitoring.resources import cost_query as bedrock_cost
from providers.azure.monitoring.limits import token_price_adjustments
from providers.azure.monitoring.metrics import token_cost
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.spec import ModelPrice, Platform
from providers.contract.tokens import limit_line, price_note, token_adjustments
from providers.gcp.monitoring.metrics import cost_query as vertex_cost
from tests.contract.readings import cluster_rules
from tests.contract.tables import production_plan
from tests.contract.test_alarms import spec_of
from tests.planning import DROP, plan, production

TODAY = date(2026, 11, 29)
CHEAP, DEAR = ModelPrice(input=0.5, output=2, cached=0.1), ModelPrice(input=3, output=15)
NO_PROMETHEUS: Mapping[str, object] = {"monitoring__prometheus": False}


def prometheus_alerts(inventory: Inventory, cloud: str) -> set[str]:
    """Names of the alerts that a Prometheus server evaluates."""
    if cloud == "aws":
        (rules,) = inventory.of_type("amp:RuleGroupNamespace")
        return {rule["alert"] for group in json.loads(str(rules.inputs["data"]))["groups"] for rule in group["rules"]}
    if cloud == "gcp":
        names = [policy.name for policy in inventory.of_type("monitoring:AlertPolicy")]
        return {name.partition("monitoring-")[2].removesuffix("-prometheus") for name in names if "prometheus" in name}
    if cloud == "kubernetes":
        return {alert for alert, _ in cluster_rules(inventory)}
    groups = [group.inputs["rules"] for group in inventory.of_type("alertsmanagement:PrometheusRuleGroup")]
    return {str(rule["alert"]) for rules in groups for rule in cast("list[dict[str, object]]", rules)}


@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if cloud != "docker"])
def test_rules_on_what_services_report_are_evaluated_by_the_clouds_prometheus(cloud: str) -> None:
    limits = {"gateway": {"per_day_usd": 80}}
    expected = {rule.key for rule in alarm_rules(spec_of(cost__services=limits)) if rule.needs_prometheus}
    assert expected == {
        "gateway-cost-usd-per-day",
        "tokens-cost-usd-per-hour",
        "tokens-cost-usd-per-day",
        "tokens-without-price",
    }
    assert expected <= prometheus_alerts(plan(production({"cost.services": limits}, cloud=cloud)), cloud)


def test_on_google_cloud_the_jobs_of_another_stack_are_not_counted() -> None:
    policies = {policy.name: policy for policy in production_plan("gcp").of_type("monitoring:AlertPolicy")}
    (conditions,) = (each.inputs["conditions"] for name, each in policies.items() if "tokens-cost-usd-per-hour" in name)
    text = json.dumps(conditions)
    assert 'job=~\\"prod-chat|prod-gateway\\"' in text


def test_bedrock_counts_what_its_cache_reads_apart_from_input() -> None:
    query = bedrock_cost({"cheap": CHEAP, "dear": DEAR})
    assert {(metric.name, *metric.values.values()) for metric in query.metrics.values()} == {
        (f"{name}TokenCount", model)
        for name in ("Input", "Output", "CacheReadInput", "CacheWriteInput")
        for model in ("cheap", "dear")
    }
    assert query.expression == (
        "(FILL(in0,0)*0.5+FILL(out0,0)*2+FILL(read0,0)*0.1+FILL(write0,0)*0.5"
        "+FILL(in1,0)*3+FILL(out1,0)*15+FILL(read1,0)*3+FILL(write1,0)*3)/1000000"
    )


def bedrock(models: int) -> Platform:
    names = [f"us.anthropic.model-{number}" for number in range(models)]
    prices = {name: {"input": 1, "output": 2} for name in names}
    return spec_of(aws__models=names, cost__models=prices)


def test_an_alarm_of_cloudwatch_reads_at_most_ten_metrics() -> None:
    for models in range(1, MAX_MODELS + 1):
        spec = bedrock(models)
        assert len(bedrock_cost(spec.cost.models).metrics) <= 10
        assert not list(token_refusals(spec))
        assert bool(list(uncounted_cache(spec))) == (models > MAX_MODELS_WITH_CACHE)
    (refusal,) = token_refusals(bedrock(MAX_MODELS + 1))
    assert str(refusal).startswith(
        "cost.models: not supported on aws: an alarm of CloudWatch reads 10 metrics, which are 5 models, and 6 have"
    )


def test_vertex_counts_each_type_of_token_once() -> None:
    rule = alarm_rules(spec_of()).rule("models", Signal.COST_USD_PER_HOUR)
    query = vertex_cost({"cheap": CHEAP}, rule)
    kinds = [part.partition('model_user_id="cheap",type')[2].partition("}")[0] for part in query.split(" + ")]
    prices = [part.rpartition("* ")[2].partition(")")[0] for part in query.split(" + ")]
    assert dict(zip(kinds, prices, strict=True)) == {
        '!~".*(output|cache_read).*"': "0.5",
        '=~".*(output).*"': "2",
        '=~".*(cache_read).*"': "0.1",
    }
    assert query.count("[3600s]") == 3


def test_azure_counts_at_the_highest_price_because_exported_metrics_name_no_model() -> None:
    query = token_cost({"cheap": CHEAP, "dear": DEAR})
    assert 'iff(MetricName == "ProcessedPromptTokens", 3, 15)' in query
    spec = spec_of(
        cloud="azure",
        azure__models=["a", "b"],
        cost__models={"a": {"input": 1, "output": 2, "cached": 0.1}, "b": {"input": 3, "output": 4}},
    )
    assert [(each.requested, each.reason) for each in token_price_adjustments(spec)] == [
        (["a", "b"], "the exported metrics name no model, so all tokens count at the highest of the prices"),
        (["a"], "Azure does not count cached input apart, so it counts at the price of input"),
    ]


def test_without_a_price_there_is_no_alarm_and_the_plan_says_so() -> None:
    spec = spec_of(cost=DROP, **{"monitoring__prometheus": False})
    assert not [rule.key for rule in alarm_rules(spec) if "cost" in rule.key or "token" in rule.key]
    assert limit_line(spec, TODAY) == "not measured, so no alarm above 10 USD an hour: cost.models has no price"
    assert not list(token_adjustments(spec))  # no limit was set


def test_a_limit_that_nothing_measures_is_ignored_in_words() -> None:
    spec = spec_of(cost={"per_hour_usd": 5})
    (adjustment,) = token_adjustments(spec)
    assert str(adjustment) == "cost.per_hour_usd: no alarm: cost.models has no price."


def test_without_a_price_prometheus_reports_every_model() -> None:
    spec = spec_of(cost=DROP)
    assert [rule.key for rule in alarm_rules(spec) if rule.needs_prometheus] == ["tokens-without-price"]


def test_a_price_that_nothing_counts_is_ignored_in_words() -> None:
    prices = {**spec_of().cost.model_dump()["models"], "gpt-4.1-mini": {"input": 0.4, "output": 1.6}}
    spec = spec_of(**NO_PROMETHEUS, cost__models=prices)
    (adjustment,) = token_adjustments(spec)
    assert (adjustment.key, adjustment.requested) == (
        "cost.models",
        ["claude-sonnet-5", "gpt-5.4-mini", "gpt-4.1-mini"],
    )


@pytest.mark.parametrize(
    ("as_of", "line"),
    [
        ("2026-11-29", "alarm above 10 USD an hour; prices of 2026-11-29"),
        ("2026-06-02", "alarm above 10 USD an hour; prices of 2026-06-02"),
        ("2026-06-01", "alarm above 10 USD an hour; prices of 2026-06-01, 181 days old: read them again"),
        ("2027-01-01", "alarm above 10 USD an hour; prices of 2027-01-01, which is in the future"),
    ],
)
def test_a_plan_says_how_old_the_prices_are(as_of: str, line: str) -> None:
    spec = spec_of(cost__prices_as_of=as_of, cost__per_day_usd=DROP)
    assert limit_line(spec, TODAY) == line


def test_a_plan_names_every_limit() -> None:
    assert limit_line(spec_of(cost__services={"gateway": {"per_day_usd": 80}}), TODAY) == (
        "alarm above 10 USD an hour or 100 USD a day, and for gateway alone; prices of 2026-11-28"
    )


def test_an_alarm_names_date_and_source_of_the_prices() -> None:
    prices = {"us.a.b": {"input": 1, "output": 1, "source": "our contract", "region": "eu"}}
    spec = spec_of(aws__models=["us.a.b"], cost__models={**prices, "b": {"input": 1, "output": 1, "source": "a page"}})
    assert price_note(spec, "tokens") == " at prices of 2026-11-28 from our contract (eu) and a page"
    assert alarm_rules(spec).rule("models", Signal.COST_USD_PER_HOUR).summary == (
        "tokens of the cloud's models cost more than 10 USD in an hour at prices of 2026-11-28 from our contract (eu)"
    )
