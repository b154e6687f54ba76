"""Burn-rate alarms and the latency objective."""

from automation.plan.inventory import Declared
from providers.contract.burn_rates import BURN_RATES
from tests.aws.plans import TOPICS, changed, production_plan
from tests.aws.readers import json_object
from tests.aws.test_monitoring_alarms import alarm, metric, queries
from tests.planning import DROP


def burn_rate_alarm(key: str) -> Declared:
    return next(
        r for r in production_plan().of_type("cloudwatch:CompositeAlarm") if r.inputs["alarmName"] == f"prod-{key}"
    )


def test_each_pair_fires_only_when_both_windows_fire() -> None:
    assert burn_rate_alarm("slo-1h").inputs["alarmRule"] == 'ALARM("prod-slo-1h-long") AND ALARM("prod-slo-1h-short")'


def test_each_pair_notifies_the_topic_of_its_severity() -> None:
    actions = [burn_rate_alarm(key).inputs["alarmActions"] for key in ("slo-1h", "slo-6h", "slo-24h")]
    assert actions == [[TOPICS[pair.severity]] for pair in BURN_RATES]


def test_a_single_window_notifies_no_topic() -> None:
    assert alarm("slo-1h-short").inputs["alarmActions"] == []


def test_windows_have_the_lengths_of_their_pair() -> None:
    long, short = metric(alarm("slo-6h-long"), "rq"), metric(alarm("slo-6h-short"), "rq")
    assert (long["period"], short["period"]) == (21600, 1800)


def test_all_requests_of_the_load_balancer_are_counted() -> None:
    counted = queries(alarm("slo-1h-long")).values()
    dimensions = [json_object(query["metric"])["dimensions"] for query in counted if "metric" in query]
    assert dimensions == [{"LoadBalancer": "<lb:LoadBalancer prod-ingress>.arnSuffix"}] * 3


def test_the_latency_objective_is_evaluated_over_an_hour() -> None:
    inputs = alarm("slo-latency-p95").inputs
    assert (inputs["threshold"], inputs["period"], inputs["extendedStatistic"]) == (2, 3600, "p95")
    assert inputs["alarmActions"] == [TOPICS["warning"]]


def test_a_stricter_objective_has_a_lower_threshold() -> None:
    plan = changed({"monitoring.slo.availability_percent": 99.99})
    assert alarm("slo-1h-long", plan).inputs["threshold"] == 0.144


def test_a_threshold_of_100_percent_can_still_fire() -> None:
    plan = changed({"monitoring.slo.availability_percent": 90.0})
    inputs = alarm("slo-1h-long", plan).inputs
    assert (inputs["threshold"], inputs["comparisonOperator"]) == (100, "GreaterThanOrEqualToThreshold")


def test_without_an_slo_there_are_no_burn_rate_alarms() -> None:
    plan = changed({"monitoring.slo": DROP})
    assert [r.name for r in plan.of_type("cloudwatch:CompositeAlarm")] == ["prod-monitoring-gateway-down"]
