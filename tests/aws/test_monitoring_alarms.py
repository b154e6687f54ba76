"""Alarms on AWS: one for each rule of the contract, on the metric that knows."""

from dataclasses import replace
from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.monitoring.alarms import alarm_condition
from providers.aws.monitoring.metrics import GRAPH_METRICS, SIGNAL_QUERIES, AwsAlarmTarget, readings, service_target
from providers.contract.alarms import Signal, alarm_rules, metric_for
from providers.contract.dashboard import GraphOnlyMetric
from tests.aws.alone import spec_of
from tests.aws.monitored import monitored
from tests.planning import DROP

DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS


def alarm(key: str, plan: Inventory | None = None) -> Declared:
    found = (plan or monitored()).of_type("cloudwatch:MetricAlarm")
    return next(resource for resource in found if resource.inputs["name"] == f"prod-{key}")


def queries(resource: Declared) -> dict[str, dict[str, object]]:
    listed = cast("list[dict[str, object]]", resource.inputs["metricQueries"])
    return {cast("str", query["id"]): query for query in listed}


def metric(resource: Declared, query: str) -> dict[str, object]:
    return cast("dict[str, object]", queries(resource)[query]["metric"])


def test_every_signal_has_a_metric() -> None:
    assert set(SIGNAL_QUERIES) == set(Signal)
    assert set(GRAPH_METRICS) == set(GraphOnlyMetric)


def test_a_signal_without_a_metric_raises() -> None:
    rule = alarm_rules(spec_of())[0]
    with pytest.raises(LookupError, match="cpu-percent"):
        metric_for({}, rule)


def test_every_rule_has_one_alarm_that_tells_the_topic_of_its_severity() -> None:
    for rule in alarm_rules(spec_of()):
        made = alarm(rule.key)
        assert made.inputs["alarmActions"] == made.inputs["okActions"] == [f"<{rule.severity}>"]
        assert made.inputs["alarmDescription"] == rule.summary


def test_the_alarm_that_rolls_deployments_back_is_not_made_twice() -> None:
    named = [r.name for r in monitored().of_type("cloudwatch:MetricAlarm") if r.name.endswith("gateway-error-percent")]
    assert named == ["prod-compute-gateway-error-percent"]


def test_cpu_is_the_ecs_service_s_average_over_five_minutes() -> None:
    inputs = alarm("gateway-cpu-percent").inputs
    assert (inputs["namespace"], inputs["metricName"], inputs["statistic"]) == ("AWS/ECS", "CPUUtilization", "Average")
    assert inputs["dimensions"] == {"ClusterName": "<cluster>", "ServiceName": "<service gateway>"}
    assert (inputs["threshold"], inputs["period"], inputs["evaluationPeriods"]) == (80, 60, 5)


def test_a_threshold_of_the_spec_reaches_its_alarm() -> None:
    plan = monitored({"monitoring.alerts.memory_percent": 70.0})
    assert alarm("chat-memory-percent", plan).inputs["threshold"] == 70


def test_latency_is_a_percentile_that_few_requests_do_not_move() -> None:
    inputs = alarm("gateway-latency-p95-seconds").inputs
    assert inputs["extendedStatistic"] == "p95"
    assert "statistic" not in inputs
    assert inputs["evaluateLowSampleCountPercentiles"] == "ignore"


def test_the_share_of_errors_counts_what_the_load_balancer_answers_itself() -> None:
    made = alarm("gateway-error-percent")
    assert metric(made, "e5")["metricName"] == "HTTPCode_ELB_5XX_Count"
    assert metric(made, "e5")["dimensions"] == {"LoadBalancer": "<balancer>"}
    assert made.inputs["treatMissingData"] == "notBreaching"


def test_a_metric_that_is_silent_when_zero_cannot_silence_the_share_of_errors() -> None:
    expression = cast("str", queries(alarm("gateway-error-percent"))["result"]["expression"])
    assert expression.count("e5") == expression.count("FILL(e5,0)") == 3


def test_metric_math_returns_its_result_alone() -> None:
    for made in monitored().of_type("cloudwatch:MetricAlarm"):
        if "metricQueries" in made.inputs:
            returned = [id for id, query in queries(made).items() if query["returnData"]]
            assert returned == ["result"]
            assert not {"metricName", "namespace", "period", "statistic"} & set(made.inputs)


def test_a_service_with_no_registered_copy_is_unhealthy() -> None:
    made = alarm("gateway-unhealthy-replicas")
    assert made.inputs["treatMissingData"] == "breaching"
    assert metric(made, "well")["metricName"] == "HealthyHostCount"


def test_copies_are_missing_when_fewer_run_than_are_wanted() -> None:
    made = alarm("worker-missing-replicas")
    assert metric(made, "wanted")["metricName"] == "DesiredTaskCount"
    assert queries(made)["result"]["expression"] == "wanted-running"


def test_connections_are_a_share_of_what_the_server_allows() -> None:
    assert queries(alarm("database-connections-percent"))["result"]["expression"] == "100*open/200"


def test_the_disk_is_a_share_of_its_first_size_in_bytes() -> None:
    plan = monitored({"database.storage_gib": 200})
    expression = queries(alarm("database-storage-percent", plan))["result"]["expression"]
    assert expression == f"100-100*free/{200 * 2**30}"


def test_the_cache_is_watched_on_every_node() -> None:
    made = alarm("cache-memory-percent")
    assert [metric(made, node)["dimensions"] for node in ("n0", "n1")] == [
        {"CacheClusterId": "<node 1>"},
        {"CacheClusterId": "<node 2>"},
    ]
    assert queries(made)["result"]["expression"] == "MAX([n0,n1])"


def test_no_alarm_looks_back_longer_than_cloudwatch_can() -> None:
    for made in monitored().of_type("cloudwatch:MetricAlarm"):
        listed = cast("list[dict[str, dict[str, int]]]", made.inputs.get("metricQueries", []))
        periods = [query["metric"]["period"] for query in listed if "metric" in query] or [made.inputs["period"]]
        seconds = max(cast("list[int]", periods))
        looks_back = seconds * cast("int", made.inputs["evaluationPeriods"])
        assert looks_back <= (WEEK_SECONDS if seconds >= 3600 else DAY_SECONDS), made.name


def test_a_target_without_a_dimension_names_it() -> None:
    target = service_target("prod", load_balancer="<balancer>")
    with pytest.raises(LookupError, match="TargetGroup"):
        readings(SIGNAL_QUERIES[Signal.ERROR_PERCENT], target)


def test_the_deployment_alarm_needs_no_ecs_service() -> None:
    target = service_target("prod", load_balancer="<balancer>", target_group="<group>")
    assert len(readings(SIGNAL_QUERIES[Signal.ERROR_PERCENT], target)) == 3


def test_log_metrics_of_two_stacks_do_not_meet() -> None:
    named = {
        reading.namespace
        for stack in ("prod", "staging")
        for reading in readings(SIGNAL_QUERIES[Signal.DATABASE_FAILED_CONNECTIONS], AwsAlarmTarget(stack))
    }
    assert named == {"AgentPlatform/prod", "AgentPlatform/staging"}


def test_a_public_service_is_down_when_sick_or_when_failing_and_slow() -> None:
    (down,) = [r for r in monitored().of_type("cloudwatch:CompositeAlarm") if r.name.endswith("gateway-down")]
    assert down.inputs["alarmRule"] == (
        'ALARM("prod-gateway-unhealthy-replicas") OR '
        '(ALARM("prod-gateway-error-percent") AND ALARM("prod-gateway-latency-p95-seconds"))'
    )
    assert down.inputs["alarmActions"] == ["<critical>"]


def test_without_a_database_nothing_is_asked_of_its_log() -> None:
    used = {f"services.{name}.uses": DROP for name in ("gateway", "chat", "worker")}
    plan = monitored({**used, "database": DROP})
    assert not plan.of_type("cloudwatch:LogMetricFilter")
    assert not plan.of_type("cloudwatch:EventRule")


def test_a_rule_keeps_its_own_limit_unless_its_metric_tells_of_absence() -> None:
    rules = {rule.signal: rule for rule in alarm_rules(spec_of())}
    cpu = replace(rules[Signal.CPU_PERCENT], threshold=12, periods=4)
    assert alarm_condition(cpu, SIGNAL_QUERIES[Signal.CPU_PERCENT]).threshold == 12
    backup = alarm_condition(rules[Signal.DATABASE_BACKUP_FAILED], SIGNAL_QUERIES[Signal.DATABASE_BACKUP_FAILED])
    assert (backup.comparison, backup.threshold, backup.periods) == ("LessThanThreshold", 1, 26)
