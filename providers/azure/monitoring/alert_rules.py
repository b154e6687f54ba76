"""Alert rules of both kinds: on a metric of one resource, and on what a question to the logs answers."""

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.monitoring.metrics import duration, frequency_seconds
from providers.azure.observability.channels import AzureChannels
from providers.contract.alarms import Severity
from providers.contract.component import Scope

SEVERITIES: dict[Severity, int] = {"critical": 1, "warning": 2}
"""Azure counts from 0, critical, to 4, verbose; 0 is left to people."""


@dataclass(frozen=True)
class AzureAlarm:
    """What an alert rule says; `key` is its logical name part."""

    key: str
    severity: Severity
    summary: str


@dataclass(frozen=True)
class Threshold:
    """The metric that is compared over a window."""

    namespace: str
    name: str
    aggregation: str
    operator: str
    limit: float
    window_seconds: int


def metric_alert(
    scope: Scope,
    context: AzureContext,
    channels: AzureChannels,
    alarm: AzureAlarm,
    threshold: Threshold,
    resource_id: pulumi.Input[str],
) -> None:
    """An alert on a metric of one resource."""
    monitor = azure_native.monitor
    criterion = monitor.MetricCriteriaArgs(
        criterion_type="StaticThresholdCriterion",
        name="above",
        metric_namespace=threshold.namespace,
        metric_name=threshold.name,
        time_aggregation=threshold.aggregation,
        operator=threshold.operator,
        threshold=threshold.limit,
        # a new resource has no metric yet, and a rule on it would be refused
        skip_metric_validation=True,
    )
    monitor.MetricAlert(
        scope.named(alarm.key),
        resource_group_name=context.group,
        location=GLOBAL,
        enabled=True,
        severity=SEVERITIES[alarm.severity],
        description=alarm.summary,
        scopes=[resource_id],
        evaluation_frequency=duration(frequency_seconds(threshold.window_seconds)),
        window_size=duration(threshold.window_seconds),
        auto_mitigate=True,
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", all_of=[criterion]
        ),
        actions=[monitor.MetricAlertActionArgs(action_group_id=channels.group(alarm.severity))],
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


@dataclass(frozen=True)
class Question:
    """A query that answers with one number, `value`, its limit and its times."""

    query: str
    limit: float
    window_seconds: int
    frequency_seconds: int


def log_alert(
    scope: Scope,
    context: AzureContext,
    channels: AzureChannels,
    alarm: AzureAlarm,
    question: Question,
    workspace_id: pulumi.Input[str],
) -> None:
    """An alert on what the workspace answers."""
    monitor = azure_native.monitor
    condition = monitor.ConditionArgs(
        query=question.query,
        metric_measure_column="value",
        time_aggregation="Average",
        # as text: the SDK's own words for it belong to another version of the API
        operator="GreaterThan",
        threshold=question.limit,
        failing_periods=monitor.ConditionFailingPeriodsArgs(
            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
        ),
    )
    monitor.ScheduledQueryRule(
        scope.named(alarm.key),
        resource_group_name=context.group,
        kind="LogAlert",
        enabled=True,
        severity=SEVERITIES[alarm.severity],
        description=alarm.summary,
        display_name=f"{context.stack}-{alarm.key}",
        scopes=[workspace_id],
        evaluation_frequency=duration(question.frequency_seconds),
        window_size=duration(question.window_seconds),
        auto_mitigate=True,
        # a table appears with its first line, and a question to one that does not exist yet would be refused
        skip_query_validation=True,
        criteria=monitor.ScheduledQueryRuleCriteriaArgs(all_of=[condition]),
        actions=monitor.ActionsArgs(action_groups=[channels.group(alarm.severity)]),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
