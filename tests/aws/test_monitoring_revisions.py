"""Alarms, graphs and autoscaling of a service whose rollout has steps: both of its revisions count.

Metric math has the syntax of Python, so the expressions are evaluated as CloudWatch describes them: a missing value makes a
result missing, `FILL` replaces it, `MAX` ignores it, and nothing results from a division by zero.
"""

import math
import re
from collections.abc import Mapping
from functools import cache

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.monitoring.metrics import GRAPH_METRICS, SIGNAL_QUERIES, AwsAlarmTarget, of_target, service_target
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.dashboard import GraphOnlyMetric
from tests.aws.plans import changed, spec_of
from tests.aws.readers import json_object, json_objects, statements, text

CANARY = {"services.gateway.rollout": {"strategy": "canary"}}
NEXT = {"ServiceName": "prod-gateway-next", "TargetGroup": "<lb:TargetGroup prod-ingress-gateway-next>.arnSuffix"}
OF_SERVICE = ("ServiceName", "TargetGroup")
MISSING = math.nan


@cache
def in_steps() -> Inventory:
    return changed(CANARY)


class Value(float):
    """Value of a metric in one period; a division by zero is missing."""

    def __rmul__(self, other: float) -> "Value":
        return Value(float(other) * float(self))

    def __truediv__(self, other: float) -> "Value":
        return Value(float(self) / float(other)) if other else Value(MISSING)

    def __add__(self, other: float) -> "Value":
        return Value(float(self) + float(other))


def largest(values: list[float]) -> float:
    """Return the largest value that is not missing."""
    return max((each for each in values if not math.isnan(each)), default=MISSING)


def filled(value: float, other: float) -> Value:
    """Return the value, or the other one when it is missing."""
    return Value(other) if math.isnan(value) else Value(value)


def chosen(condition: bool, then: float, other: float) -> float:
    """Return one of two values."""
    return then if condition else other


def result(expression: str, values: Mapping[str, float]) -> float:
    """Return the result of metric math for values by id; the others are missing."""
    names = {name: Value(values.get(name, MISSING)) for name in re.findall(r"\b[a-z]\w*", expression)}
    functions = {"FILL": filled, "IF": chosen, "MAX": largest}
    return float(eval(expression, {"__builtins__": {}, **functions, **names}))  # noqa: S307  # from this repository


def queries(alarm: Declared) -> dict[str, dict[str, object]]:
    return {text(query["id"]): query for query in json_objects(alarm.inputs["metricQueries"])}


def dimensions(query: dict[str, object]) -> dict[str, object]:
    return json_object(json_object(query["metric"])["dimensions"])


def service_alarms() -> dict[Signal, Declared]:
    """Alarms of the gateway by their signal."""
    alarms = {str(each.inputs["name"]): each for each in in_steps().of_type("cloudwatch:MetricAlarm")}
    rules = [rule for rule in alarm_rules(spec_of(CANARY)) if rule.name == "gateway"]
    return {rule.signal: alarms[f"prod-{rule.key}"] for rule in rules}


def test_every_alarm_of_the_service_reads_both_revisions() -> None:
    assert len(service_alarms()) == 6
    for signal, alarm in service_alarms().items():
        found = queries(alarm)
        expression = text(found.pop("result")["expression"])
        assert set(re.findall(r"\b[a-z]\w*", expression)) == set(found), signal
        for id, query in found.items():
            own = {key: value for key, value in dimensions(query).items() if key in OF_SERVICE}
            new = {key: value for key, value in own.items() if value == NEXT[key]}
            assert new == (own if id.endswith("_next") else {}), (signal, id)
        assert any(id.endswith("_next") for id in found), signal


def test_a_rollout_changes_no_alarm_and_no_dashboard_of_a_service_without_steps() -> None:
    def of_others(plan: Inventory) -> Mapping[str, object]:
        alarms = plan.of_type("cloudwatch:MetricAlarm")
        return {each.name: each.inputs for each in alarms if "gateway" not in each.name}

    assert of_others(in_steps()) == of_others(changed({}))


def test_every_signal_and_graph_of_a_service_knows_two_revisions() -> None:
    target = service_target("prod", new_revision=NEXT)
    rules = {rule.signal for rule in alarm_rules(spec_of()) if rule.subject == "service"}
    for query in (*(SIGNAL_QUERIES[signal] for signal in rules), GRAPH_METRICS[GraphOnlyMetric.REQUESTS]):
        assert of_target(query, target).expression
        assert of_target(query, AwsAlarmTarget("prod")) is query
    with pytest.raises(LookupError, match="knows no second revision"):
        of_target(SIGNAL_QUERIES[Signal.DATABASE_CPU_PERCENT], target)


STEADY = {"rq": 1000, "t5": 20, "m": 0.4, "wanted": 3, "running": 3, "sick": 0, "well": 3}
AT_TEN = {**STEADY, "rq": 900, "rq_next": 100, "m_next": 0.4, "wanted_next": 3, "running_next": 3, "sick_next": 0}
AT_ALL = {"rq_next": 1000, "t5_next": 20, "m_next": 0.4, "sick": 0, "well": 3, "sick_next": 0, "well_next": 3}
RESULTS: Mapping[str, tuple[Signal, Mapping[str, float], float]] = {
    "errors of the only revision": (Signal.ERROR_PERCENT, STEADY, 2),
    "errors of the load balancer": (Signal.ERROR_PERCENT, {**STEADY, "e5": 1000}, 51),
    "errors of the new one at 10 %": (Signal.ERROR_PERCENT, {**AT_TEN, "t5_next": 60}, 60),
    "errors of the new one with all requests": (Signal.ERROR_PERCENT, AT_ALL, 2),
    "errors of the load balancer with all requests": (Signal.ERROR_PERCENT, {**AT_ALL, "e5": 30}, 100 * 50 / 1030),
    "too few requests": (Signal.ERROR_PERCENT, {"rq": 10, "rq_next": 9, "t5_next": 9}, 0),
    "latency of the only revision": (Signal.LATENCY_P95_SECONDS, STEADY, 0.4),
    "latency of the new one": (Signal.LATENCY_P95_SECONDS, {**AT_TEN, "rq_next": 200, "m_next": 7}, 7),
    "latency of few requests": (Signal.LATENCY_P95_SECONDS, {**AT_TEN, "rq_next": 199, "m_next": 7}, 0.4),
    "latency with all requests": (Signal.LATENCY_P95_SECONDS, AT_ALL, 0.4),
    "CPU of the only revision": (Signal.CPU_PERCENT, {"m": 40}, 40),
    "CPU of the new one": (Signal.CPU_PERCENT, {"m": 40, "m_next": 95}, 95),
    "memory of the new one": (Signal.MEMORY_PERCENT, {"m": 40, "m_next": 95}, 95),
    "replicas of the only revision": (Signal.MISSING_REPLICAS, STEADY, 0),
    "replicas of the new one": (Signal.MISSING_REPLICAS, {**AT_TEN, "running_next": 1}, 2),
    "healthy only revision": (Signal.UNHEALTHY_REPLICAS, STEADY, 0),
    "sick tasks of the new one": (Signal.UNHEALTHY_REPLICAS, {**AT_TEN, "sick_next": 2}, 2),
    "no healthy task": (Signal.UNHEALTHY_REPLICAS, {"sick": 0, "well": 0, "sick_next": 0, "well_next": 0}, 1),
    "healthy new one": (Signal.UNHEALTHY_REPLICAS, {"sick": 0, "well": 0, "sick_next": 0, "well_next": 3}, 0),
    "no task at all": (Signal.UNHEALTHY_REPLICAS, {}, MISSING),
}


@pytest.mark.parametrize(("signal", "values", "expected"), RESULTS.values(), ids=RESULTS)
def test_an_alarm_measures_the_worse_revision(signal: Signal, values: Mapping[str, float], expected: float) -> None:
    expression = text(queries(service_alarms()[signal])["result"]["expression"])
    assert result(expression, values) == pytest.approx(expected, nan_ok=True)


def test_the_graph_of_requests_shows_their_sum() -> None:
    query = of_target(GRAPH_METRICS[GraphOnlyMetric.REQUESTS], service_target("prod", new_revision=NEXT))
    assert [result(query.expression, values) for values in ({"m": 9}, {"m": 9, "m_next": 3}, {"m_next": 3})] == [
        9,
        12,
        3,
    ]
    body = text(in_steps().one("prod-monitoring", "cloudwatch:Dashboard").inputs["dashboardBody"])
    assert body.count('"prod-gateway-next"') == 4, "CPU, memory, and the two numbers of replicas"


def test_both_revisions_scale_with_the_busier_one() -> None:
    policy = in_steps().one("prod-autoscaling-gateway-requests", "appautoscaling:Policy")
    found = json_object(policy.inputs["targetTrackingScalingPolicyConfiguration"])
    assert "predefinedMetricSpecification" not in found
    metrics = json_objects(json_object(found["customizedMetricSpecification"])["metrics"])
    assert [each["id"] for each in metrics if each["returnData"]] == ["busier"]
    groups = [json_objects(each["metricStat"]["metric"]["dimensions"]) for each in metrics if "metricStat" in each]
    assert [each["value"] for (each,) in groups] == [NEXT["TargetGroup"].replace("-next", ""), NEXT["TargetGroup"]]
    expression = text(metrics[-1]["expression"])
    assert [result(expression, values) for values in ({"stable": 9}, {"stable": 9, "next": 30}, {})] == [9, 30, 0]


def test_the_deployer_may_watch_a_rollout_and_return_the_requests() -> None:
    own = statements(in_steps().one("prod-identity-deployer-policy"))
    added = [each for each in own if each not in statements(changed({}).one("prod-identity-deployer-policy"))]
    assert added == [
        {
            "Effect": "Allow",
            "Action": [
                "cloudwatch:GetMetricData",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": "elasticloadbalancing:ModifyRule",
            "Resource": "arn:aws:elasticloadbalancing:us-west-2:111122223333:listener-rule/app/prod-agents-6f4b/*",
        },
    ]
