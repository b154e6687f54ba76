"""Every alarm rule of the contract as an alert policy on one metric."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import AlarmRule, Signal, metric_for
from providers.contract.component import Scope
from providers.gcp.monitoring.alert_policies import Condition, GcpAlarm, create_alarm
from providers.gcp.monitoring.metrics import METRICS, GcpMetric, alignment_seconds, duration_seconds
from providers.gcp.monitoring.targets import GcpTargets
from providers.gcp.observability.channels import GcpChannels


def create_alarms(
    scope: Scope, targets: GcpTargets, channels: GcpChannels, counters: Mapping[Signal, pulumi.Resource]
) -> None:
    """One alert policy a rule; `counters` are the metrics that count log entries, by what they count."""
    for rule in targets.context.alarm_rules:
        alarm = GcpAlarm(rule.key, rule.severity, rule.summary, [_condition(targets, rule)])
        # a filter names a counted metric as text, and Cloud Monitoring refuses one that does not exist yet
        create_alarm(scope, targets.context, channels, alarm, depends_on=_counter(counters, rule))


def _counter(counters: Mapping[Signal, pulumi.Resource], rule: AlarmRule) -> Sequence[pulumi.Resource]:
    return [counters[rule.signal]] if rule.signal in counters else []


def _condition(targets: GcpTargets, rule: AlarmRule) -> Condition:
    metric = metric_for(METRICS, rule)
    period = f"{alignment_seconds(targets.spec, rule)}s"
    return Condition(
        display_name=rule.summary,
        condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=targets.series(rule),
            aggregations=[
                gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                    alignment_period=period, per_series_aligner=metric.aligner, cross_series_reducer=metric.reducer
                )
            ],
            denominator_filter=targets.all_series(rule) if metric.share else None,
            denominator_aggregations=_denominator(metric, period) if metric.share else None,
            comparison=metric.comparison,
            threshold_value=targets.limit(rule),
            duration=f"{duration_seconds(targets.spec, rule)}s",
            evaluation_missing_data=metric.missing,
            trigger=gcp.monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )


def _denominator(
    metric: GcpMetric, period: str
) -> list[gcp.monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArgs]:
    return [
        gcp.monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArgs(
            alignment_period=period, per_series_aligner=metric.aligner, cross_series_reducer=metric.reducer
        )
    ]
