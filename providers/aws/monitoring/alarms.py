"""CloudWatch alarms of the contract's alarm rules, and composite alarms.

Alarms have fixed names, because deployments and composite alarms refer to them by name. An alarm notifies its topic
when it fires and when it returns to OK.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.metric_queries import Comparison, MetricQuery
from providers.aws.monitoring.metrics import (
    SIGNAL_QUERIES,
    AwsAlarmTarget,
    MetricReading,
    expression,
    readings,
)
from providers.aws.naming import alarm_name
from providers.aws.observability.channels import AwsChannels
from providers.contract.alarms import AlarmRule, Severity, Signal, metric_for
from providers.contract.component import Scope


@dataclass(frozen=True)
class AlarmCondition:
    """Condition of an alarm: comparison with `threshold` in each of `periods` periods."""

    threshold: float
    period_seconds: int
    periods: int = 1
    comparison: Comparison = "GreaterThanThreshold"
    warm_up_minutes: int = 0
    quiet: bool = False
    """True for an alarm that sends no notification."""


def create_alarm(
    scope: Scope, rule: AlarmRule, channels: AwsChannels, target: AwsAlarmTarget
) -> aws.cloudwatch.MetricAlarm:
    """Alarm of one rule on its target, with the topic of the rule's severity."""
    query = metric_for(SIGNAL_QUERIES, rule)
    condition = replace(alarm_condition(rule, query), quiet=rule.signal in target.quiet)
    return metric_alarm(scope, rule.key, rule.summary, query, target, condition, [channels.topic(rule.severity)])


def alarm_condition(rule: AlarmRule, query: MetricQuery) -> AlarmCondition:
    """Condition of a rule; the query's absence condition replaces it if there is one."""
    absence = query.absence
    if absence is None:
        return AlarmCondition(rule.threshold, rule.period_seconds, rule.periods)
    periods = absence.periods or rule.periods
    warm_up_minutes = rule.period_seconds * periods // 60
    return AlarmCondition(absence.fewer_than, rule.period_seconds, periods, "LessThanThreshold", warm_up_minutes)


def metric_alarm(
    scope: Scope,
    key: str,
    summary: str,
    query: MetricQuery,
    target: AwsAlarmTarget,
    condition: AlarmCondition,
    topics: Sequence[pulumi.Output[str]],
) -> aws.cloudwatch.MetricAlarm:
    """Alarm on a query; without topics it is a part of a composite alarm."""
    return aws.cloudwatch.MetricAlarm(
        scope.named(key),
        name=alarm_name(target.stack, key),
        alarm_description=summary,
        **alarm_source(query, target, condition.period_seconds, summary),
        comparison_operator=condition.comparison,
        threshold=condition.threshold,
        evaluation_periods=condition.periods,
        datapoints_to_alarm=condition.periods,
        treat_missing_data=(query.missing_while_passive if target.passive else None) or query.missing,
        warm_up_configuration=_warm_up(condition.warm_up_minutes),
        actions_enabled=False if condition.quiet else None,
        alarm_actions=topics,
        ok_actions=topics,
        opts=scope.opts(),
    )


class AlarmSource(TypedDict, total=False):
    """Metric arguments of an alarm: one metric with its statistic, or queries."""

    namespace: str
    metric_name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    period: int
    statistic: str
    extended_statistic: str
    evaluate_low_sample_count_percentiles: str
    metric_queries: list[aws.cloudwatch.MetricAlarmMetricQueryArgs]


def alarm_source(query: MetricQuery, target: AwsAlarmTarget, period_seconds: int, label: str) -> AlarmSource:
    """Metric arguments of an alarm; CloudWatch accepts a single metric or queries, never both."""
    sources, math = readings(query, target), expression(query, target)
    if math:
        return {"metric_queries": queries(sources, math, label, period_seconds)}
    (reading,) = sources
    return {
        "namespace": reading.namespace,
        "metric_name": reading.metric.name,
        "dimensions": reading.dimensions,
        "period": period_seconds,
        **_statistic(reading.metric.stat),
    }


def _statistic(stat: str) -> AlarmSource:
    if not stat.startswith("p"):
        return {"statistic": stat}
    # a percentile of few requests is not significant
    return {"extended_statistic": stat, "evaluate_low_sample_count_percentiles": "ignore"}


def queries(
    sources: Sequence[MetricReading], math: str, label: str, period_seconds: int
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    """Queries of an expression and its metrics; only the expression is compared with the threshold."""
    result = aws.cloudwatch.MetricAlarmMetricQueryArgs(id="result", expression=math, label=label, return_data=True)
    return [*(_query(source, period_seconds) for source in sources), result]


def _query(source: MetricReading, period_seconds: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=source.id,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=source.namespace,
            metric_name=source.metric.name,
            stat=source.metric.stat,
            period=period_seconds,
            dimensions=source.dimensions,
        ),
        return_data=False,
    )


def _warm_up(minutes: int) -> aws.cloudwatch.MetricAlarmWarmUpConfigurationArgs | None:
    if not minutes:
        return None
    return aws.cloudwatch.MetricAlarmWarmUpConfigurationArgs(warm_up_period_duration_in_minutes=minutes)


def create_outage_alarm(
    scope: Scope,
    target: AwsAlarmTarget,
    service: str,
    alarms: Mapping[Signal, aws.cloudwatch.MetricAlarm],
    channels: AwsChannels,
) -> aws.cloudwatch.CompositeAlarm:
    """Composite alarm `<service>-down` of one public service.

    A service is down when targets fail their health check, or when requests fail and are slow at the same time; one of
    the latter may be caused by a single caller. The alarms it combines keep their own severities.
    """
    unhealthy = firing(alarms[Signal.UNHEALTHY_REPLICAS])
    failing, slow = firing(alarms[Signal.ERROR_PERCENT]), firing(alarms[Signal.LATENCY_P95_SECONDS])
    rule = pulumi.Output.concat(unhealthy, " OR (", failing, " AND ", slow, ")")
    quiet = Signal.UNHEALTHY_REPLICAS in target.quiet
    summary = f"{service} is down"
    return composite_alarm(scope, target.stack, f"{service}-down", summary, rule, channels, "critical", quiet=quiet)


def composite_alarm(
    scope: Scope,
    stack: str,
    key: str,
    summary: str,
    rule: pulumi.Output[str],
    channels: AwsChannels,
    severity: Severity,
    *,
    quiet: bool = False,
) -> aws.cloudwatch.CompositeAlarm:
    """Composite alarm that notifies the topic of its severity."""
    topic = channels.topic(severity)
    return aws.cloudwatch.CompositeAlarm(
        scope.named(key),
        alarm_name=alarm_name(stack, key),
        alarm_description=summary,
        alarm_rule=rule,
        actions_enabled=False if quiet else None,
        alarm_actions=[topic],
        ok_actions=[topic],
        opts=scope.opts(),
    )


def firing(alarm: aws.cloudwatch.MetricAlarm) -> pulumi.Output[str]:
    """Term of a composite rule that is true while `alarm` fires."""
    return pulumi.Output.concat('ALARM("', alarm.name, '")')
