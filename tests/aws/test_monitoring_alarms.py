"""CloudWatch alarms of the rules of the contract."""

from dataclasses import replace

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.monitoring.alarms import alarm_condition
from providers.aws.monitoring.metrics import GRAPH_METRICS, SIGNAL_QUERIES, AwsAlarmTarget, readings, service_target
from providers.contract.alarms import Signal, alarm_rules, metric_for
from providers.contract.dashboard import GraphOnlyMetric
from tests.aws.plans import TOPICS, changed, production_plan, spec_of
from tests.aws.readers import json_object, json_objects, number, text
from tests.contract.signals import reported_signals
from tests.planning import DROP

DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS


def alarm(key: str, plan: Inventory | None = None) -> Declared:
    found = (plan or production_plan()).of_type("cloudwatch:MetricAlarm")
    return next(resource for resource in found if resource.inputs["name"] == f"prod-{key}")


def queries(resource: Declared) -> dict[str, dict[str, object]]:
    listed = json_objects(resource.inputs["metricQueries"])
    return {text(query["id"]): query for query in listed}


def metric(resource: Declared, query: str) -> dict[str, object]:
    return json_object(queries(resource)[query]["metric"])


def test_every_signal_has_a_metric() -> None:
    assert set(SIGNAL_QUERIES) == reported_signals("aws")
    assert set(GRAPH_METRICS) == set(GraphOnlyMetric)


def test_a_signal_without_a_metric_raises() -> None:
    rule = alarm_rules(spec_of()).rule("gateway", Signal.CPU_PERCENT)
    with pytest.raises(LookupError, match="cpu-percent"):
        metric_for({}, rule)


def test_every_rule_has_one_alarm_with_the_topic_of_its_severity() -> None:
    for rule in alarm_rules(spec_of()).of_cloud:
        declared = alarm(rule.key)
        assert declared.inputs["alarmActions"] == declared.inputs["okActions"] == [TOPICS[rule.severity]]
        assert declared.inputs["alarmDescription"] == rule.summary


def test_the_deployment_alarm_is_declared_once() -> None:
    named = [
        r.name for r in production_plan().of_type("cloudwatch:MetricAlarm") if r.name.endswith("gateway-error-percent")
    ]
    assert named == ["prod-compute-gateway-error-percent"]


def test_cpu_is_the_ecs_service_s_average_over_five_minutes() -> None:
    inputs = alarm("gateway-cpu-percent").inputs
    assert (inputs["namespace"], inputs["metricName"], inputs["statistic"]) == ("AWS/ECS", "CPUUtilization", "Average")
    assert inputs["dimensions"] == {
        "ClusterName": "prod-agents",
        "ServiceName": "<ecs:Service prod-compute-gateway>.name",
    }
    assert (inputs["threshold"], inputs["period"], inputs["evaluationPeriods"]) == (80, 60, 5)


def test_an_alarm_has_the_threshold_of_the_spec() -> None:
    plan = changed({"monitoring.alerts.memory_percent": 70.0})
    assert alarm("chat-memory-percent", plan).inputs["threshold"] == 70


def test_latency_is_a_percentile_that_ignores_low_sample_counts() -> None:
    inputs = alarm("gateway-latency-p95-seconds").inputs
    assert inputs["extendedStatistic"] == "p95"
    assert "statistic" not in inputs
    assert inputs["evaluateLowSampleCountPercentiles"] == "ignore"


def test_the_error_rate_includes_errors_of_the_load_balancer() -> None:
    declared = alarm("gateway-error-percent")
    assert metric(declared, "e5")["metricName"] == "HTTPCode_ELB_5XX_Count"
    assert metric(declared, "e5")["dimensions"] == {"LoadBalancer": "<lb:LoadBalancer prod-ingress>.arnSuffix"}
    assert declared.inputs["treatMissingData"] == "notBreaching"


def test_missing_error_metrics_count_as_zero() -> None:
    expression = text(queries(alarm("gateway-error-percent"))["result"]["expression"])
    assert expression.count("e5") == expression.count("FILL(e5,0)") == 3


def test_metric_math_returns_its_result_only() -> None:
    for declared in production_plan().of_type("cloudwatch:MetricAlarm"):
        if "metricQueries" in declared.inputs:
            returned = [id for id, query in queries(declared).items() if query["returnData"]]
            assert returned == ["result"]
            assert not {"metricName", "namespace", "period", "statistic"} & set(declared.inputs)


def test_a_service_without_registered_targets_is_unhealthy() -> None:
    declared = alarm("gateway-unhealthy-replicas")
    assert declared.inputs["treatMissingData"] == "breaching"
    assert metric(declared, "well")["metricName"] == "HealthyHostCount"


def test_missing_replicas_are_desired_minus_running_tasks() -> None:
    declared = alarm("worker-missing-replicas")
    assert metric(declared, "wanted")["metricName"] == "DesiredTaskCount"
    assert queries(declared)["result"]["expression"] == "wanted-running"


def test_connections_are_a_percentage_of_max_connections() -> None:
    assert queries(alarm("database-connections-percent"))["result"]["expression"] == "100*open/200"


def test_storage_is_a_percentage_of_its_initial_size() -> None:
    plan = changed({"database.storage_gib": 200})
    expression = queries(alarm("database-storage-percent", plan))["result"]["expression"]
    assert expression == f"100-100*free/{200 * 2**30}"


def test_the_cache_alarm_covers_every_node() -> None:
    declared = alarm("cache-memory-percent")
    assert [metric(declared, node)["dimensions"] for node in ("n0", "n1")] == [
        {"CacheClusterId": "prod-cache-001"},
        {"CacheClusterId": "prod-cache-002"},
    ]
    assert queries(declared)["result"]["expression"] == "MAX([n0,n1])"


def test_no_alarm_exceeds_the_evaluation_interval_of_cloudwatch() -> None:
    for declared in production_plan().of_type("cloudwatch:MetricAlarm"):
        listed = json_objects(declared.inputs.get("metricQueries", []))
        periods = [query["metric"]["period"] for query in listed if "metric" in query] or [declared.inputs["period"]]
        seconds = max(number(period) for period in periods)
        interval_seconds = seconds * number(declared.inputs["evaluationPeriods"])
        assert interval_seconds <= (WEEK_SECONDS if seconds >= 3600 else DAY_SECONDS), declared.name


def test_a_missing_dimension_of_a_target_is_an_error() -> None:
    target = service_target("prod", load_balancer="<balancer>")
    with pytest.raises(LookupError, match="TargetGroup"):
        readings(SIGNAL_QUERIES[Signal.ERROR_PERCENT], target)


def test_the_deployment_alarm_needs_no_ecs_service() -> None:
    target = service_target("prod", load_balancer="<balancer>", target_group="<group>")
    assert len(readings(SIGNAL_QUERIES[Signal.ERROR_PERCENT], target)) == 3


def test_log_metrics_of_two_stacks_have_different_namespaces() -> None:
    named = {
        reading.namespace
        for stack in ("prod", "staging")
        for reading in readings(SIGNAL_QUERIES[Signal.DATABASE_FAILED_CONNECTIONS], AwsAlarmTarget(stack))
    }
    assert named == {"AgentPlatform/prod", "AgentPlatform/staging"}


def test_a_public_service_is_down_when_unhealthy_or_failing_and_slow() -> None:
    (down,) = [r for r in production_plan().of_type("cloudwatch:CompositeAlarm") if r.name.endswith("gateway-down")]
    assert down.inputs["alarmRule"] == (
        'ALARM("prod-gateway-unhealthy-replicas") OR '
        '(ALARM("prod-gateway-error-percent") AND ALARM("prod-gateway-latency-p95-seconds"))'
    )
    assert down.inputs["alarmActions"] == [TOPICS["critical"]]


def test_without_a_database_there_are_no_database_metrics() -> None:
    used = {f"services.{name}.uses": DROP for name in ("gateway", "chat", "worker")}
    plan = changed({**used, "database": DROP})
    counters = {each.name for each in plan.of_type("cloudwatch:LogMetricFilter")}
    assert counters == {"prod-monitoring-denied-flows"}
    assert "prod-monitoring-backups" not in {rule.name for rule in plan.of_type("cloudwatch:EventRule")}


def test_a_rule_keeps_its_threshold_unless_its_metric_is_inverted() -> None:
    rules = {rule.signal: rule for rule in alarm_rules(spec_of())}
    cpu = replace(rules[Signal.CPU_PERCENT], threshold=12, periods=4)
    assert alarm_condition(cpu, SIGNAL_QUERIES[Signal.CPU_PERCENT]).threshold == 12
    backup = alarm_condition(rules[Signal.DATABASE_BACKUP_FAILED], SIGNAL_QUERIES[Signal.DATABASE_BACKUP_FAILED])
    assert (backup.comparison, backup.threshold, backup.periods) == ("LessThanThreshold", 1, 26)
