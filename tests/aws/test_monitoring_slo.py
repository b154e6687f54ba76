"""Burn-rate alarms on AWS: two windows that must agree, and the promised latency."""

from typing import cast

from automation.plan.inventory import Declared
from providers.contract.alarms import BURN_RATES
from tests.aws.monitored import monitored
from tests.aws.test_monitoring_alarms import alarm, metric, queries
from tests.planning import DROP


def burning(key: str) -> Declared:
    return next(r for r in monitored().of_type("cloudwatch:CompositeAlarm") if r.inputs["alarmName"] == f"prod-{key}")


def test_each_pair_fires_only_when_both_windows_burn() -> None:
    assert burning("slo-1h").inputs["alarmRule"] == 'ALARM("prod-slo-1h-long") AND ALARM("prod-slo-1h-short")'


def test_each_pair_tells_the_topic_of_its_severity() -> None:
    told = [burning(key).inputs["alarmActions"] for key in ("slo-1h", "slo-6h", "slo-24h")]
    assert told == [[f"<{pair.severity}>"] for pair in BURN_RATES]


def test_a_window_alone_tells_nobody() -> None:
    assert alarm("slo-1h-short").inputs["alarmActions"] == []


def test_windows_are_as_long_as_the_pair_says() -> None:
    long, short = metric(alarm("slo-6h-long"), "rq"), metric(alarm("slo-6h-short"), "rq")
    assert (long["period"], short["period"]) == (21600, 1800)


def test_all_requests_of_the_load_balancer_are_counted() -> None:
    counted = queries(alarm("slo-1h-long")).values()
    dimensions = [cast("dict[str, object]", query["metric"])["dimensions"] for query in counted if "metric" in query]
    assert dimensions == [{"LoadBalancer": "<balancer>"}] * 3


def test_the_promised_latency_is_watched_over_an_hour() -> None:
    inputs = alarm("slo-latency-p95").inputs
    assert (inputs["threshold"], inputs["period"], inputs["extendedStatistic"]) == (2, 3600, "p95")
    assert inputs["alarmActions"] == ["<warning>"]


def test_a_stricter_promise_burns_at_fewer_errors() -> None:
    plan = monitored({"monitoring.slo.availability_percent": 99.99})
    assert alarm("slo-1h-long", plan).inputs["threshold"] == 0.144


def test_a_share_that_cannot_be_passed_can_still_be_reached() -> None:
    plan = monitored({"monitoring.slo.availability_percent": 90.0})
    inputs = alarm("slo-1h-long", plan).inputs
    assert (inputs["threshold"], inputs["comparisonOperator"]) == (100, "GreaterThanOrEqualToThreshold")


def test_without_a_promise_nothing_burns() -> None:
    plan = monitored({"monitoring.slo": DROP})
    assert [r.name for r in plan.of_type("cloudwatch:CompositeAlarm")] == ["prod-monitoring-gateway-down"]
