"""Alert rules on metrics of a resource and on log queries: one for each alarm rule, and one on the entry's probes."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.gateway import AzureGatewayEntry
from providers.azure.entry.resources import AzureEntry
from providers.azure.monitoring.job_queries import DRILL_QUERIES, JOB_QUERIES, REPORT_WINDOW_SECONDS, window_minutes
from providers.azure.monitoring.metrics import (
    FRONT_DOOR,
    GATEWAY,
    QUERIES,
    QUERY_INTERVAL_MINUTES,
    AzureMetric,
    frequency_seconds,
    iso_duration,
    metrics_of,
    queries_of,
    query_minutes,
    token_cost,
    window_seconds,
)
from providers.azure.monitoring.roles import is_enabled
from providers.azure.observability.channels import SEVERITIES, AzureChannels
from providers.azure.workloads import AzureWatched
from providers.contract.alarms import AlarmRule, Severity, Signal, metric_for
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.results import Entry
from providers.contract.spec import Platform
from providers.contract.tokens import counted_prices


@dataclass(frozen=True)
class AzureTargets:
    """Resource ids by subject (`gateway`, `database`, `cache`), and the database server's maximum connections."""

    base: AzureBaseResources
    ids: Mapping[str, pulumi.Output[str]]
    max_connections: int
    gateway_id: pulumi.Output[str] | None = None
    """Application Gateway; None where Front Door is the entry."""

    def id_of(self, metric: AzureMetric, rule: AlarmRule) -> pulumi.Output[str]:
        """Return the resource of a metric: the gateway for a metric with services as a dimension."""
        return self.gateway_id if metric.dimension and self.gateway_id is not None else self.ids[rule.name]

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.base.spec


def monitoring_targets(base: AzureBaseResources, watched: AzureWatched, entry: Entry) -> AzureTargets:
    """Collect the resources that the alarm rules refer to."""
    ids = {name: app.id for name, app in watched.workloads.compute.apps.items()}
    if watched.database is not None:
        ids["database"] = watched.database.server_id
    ids |= {part: cache.cluster_id for part, cache in watched.caches.items()}
    gateway_id = entry.gateway_id if isinstance(entry, AzureGatewayEntry) else None
    return AzureTargets(base, ids, watched.database.max_connections if watched.database else 0, gateway_id)


PERMISSION_OPERATIONS = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/roleDefinitions/delete",
)
"""Operations that give or take a right: Microsoft Learn, "Azure permissions for Management and governance"."""
MIN_HEALTHY_PERCENT = 90
ORIGIN_WINDOW_SECONDS = 300


@dataclass(frozen=True)
class AzureAlarm:
    """Severity and description of an alert rule; `key` is its logical name part."""

    key: str
    severity: Severity
    summary: str
    enabled: bool = True


@dataclass(frozen=True)
class MetricThreshold:
    """Condition on a metric over a window."""

    namespace: str
    name: str
    aggregation: str
    operator: str
    limit: float
    window_seconds: int
    dimension: tuple[str, str] | None = None
    """Dimension and the value that is compared; None for all."""


@dataclass(frozen=True)
class LogCondition:
    """Condition on a query whose result is one number, `value`."""

    query: str
    limit: float
    window_seconds: int
    frequency_seconds: int
    periods: int = 1
    """Evaluations in a row that must exceed the limit, at most 6."""


def create_alarms(scope: Scope, targets: AzureTargets) -> None:
    """Declare an alert rule for each alarm rule; LookupError for a signal that no table has."""
    for rule in targets.base.context.alarm_rules.of_cloud:
        if rule.subject == "models":
            _cost_alarm(scope, targets, rule)
        elif rule.signal is Signal.PERMISSION_CHANGES:
            _permission_alarm(scope, targets, rule)
        elif rule.signal in DRILL_QUERIES:
            _drill_alarm(scope, targets, rule)
        elif rule.signal in JOB_QUERIES:
            _job_alarm(scope, targets, rule)
        elif rule.signal in queries_of(targets.spec):
            _log_alarm(scope, targets, rule)
        else:
            _metric_alarm(scope, targets, rule)


def create_origin_alarm(scope: Scope, targets: AzureTargets, entry: Entry) -> None:
    """Declare an alarm on the entry's health probes, at Front Door also while a private link is not approved."""
    base = targets.base
    if isinstance(entry, AzureGatewayEntry):
        alarm = AzureAlarm("backend-health", "critical", "the health probe of Application Gateway fails for a service")
        threshold = MetricThreshold(GATEWAY, "UnhealthyHostCount", "Average", "GreaterThan", 0, ORIGIN_WINDOW_SECONDS)
        metric_alert(scope, base.context, base.channels, alarm, threshold, entry.gateway_id)
    if not isinstance(entry, AzureEntry):
        return
    summary = (
        f"fewer than {MIN_HEALTHY_PERCENT} % of Front Door's probes reach a service; is its private link approved?"
    )
    threshold = MetricThreshold(
        namespace=FRONT_DOOR,
        name="OriginHealthPercentage",
        aggregation="Average",
        operator="LessThan",
        limit=MIN_HEALTHY_PERCENT,
        window_seconds=ORIGIN_WINDOW_SECONDS,
    )
    alarm = AzureAlarm("origin-health", "critical", summary, enabled=not is_passive(base.spec))
    metric_alert(scope, base.context, base.channels, alarm, threshold, entry.profile_id)


def _metric_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    metric, base = metric_for(metrics_of(targets.spec), rule), targets.base
    threshold = MetricThreshold(
        namespace=metric.namespace,
        name=metric.name,
        aggregation=metric.aggregation,
        operator=metric.operator,
        limit=metric.limit(targets.spec, rule, targets.max_connections),
        window_seconds=window_seconds(rule),
        dimension=(metric.dimension, rule.name) if metric.dimension else None,
    )
    metric_alert(scope, base.context, base.channels, _alarm(base.spec, rule), threshold, targets.id_of(metric, rule))


def _log_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    base = targets.base
    query = LogCondition(
        query=metric_for(QUERIES, rule)(base.context, rule),
        limit=rule.threshold,
        window_seconds=query_minutes(rule) * 60,
        frequency_seconds=QUERY_INTERVAL_MINUTES * 60,
    )
    log_alert(scope, base.context, base.channels, _alarm(base.spec, rule), query, base.logs.workspace_id)


def _job_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    base = targets.base
    query = LogCondition(
        query=metric_for(JOB_QUERIES, rule)(base.spec, base.context.stack, rule),
        limit=rule.threshold,
        window_seconds=window_minutes(base.spec, rule) * 60,
        frequency_seconds=QUERY_INTERVAL_MINUTES * 60,
    )
    log_alert(scope, base.context, base.channels, _alarm(base.spec, rule), query, base.logs.workspace_id)


def _cost_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    base = targets.base
    query = LogCondition(
        query=token_cost(counted_prices(base.spec)),
        limit=rule.threshold,
        window_seconds=rule.period_seconds,
        frequency_seconds=QUERY_INTERVAL_MINUTES * 60,
    )
    log_alert(scope, base.context, base.channels, _alarm(base.spec, rule), query, base.logs.workspace_id)


def _drill_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    """Alert rule that fires after as many evaluations as the rule has periods, so that a new stack has time to report."""
    base = targets.base
    query = LogCondition(
        query=metric_for(DRILL_QUERIES, rule)(base.context, rule),
        limit=rule.threshold,
        window_seconds=REPORT_WINDOW_SECONDS,
        frequency_seconds=rule.period_seconds,
        periods=rule.periods,
    )
    log_alert(scope, base.context, base.channels, _alarm(base.spec, rule), query, base.logs.workspace_id)


def _permission_alarm(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    """Alert on each event of the subscription's activity log about a role assignment or definition (CIS 5.2).

    Assignments on the subscription apply to the group as well, so its events are watched. Azure resolves no such alert, has no
    window for it, and gives each one severity 4; the action group is that of the rule's severity.
    """
    monitor, context = azure_native.monitor, targets.base.context
    leaves = [monitor.AlertRuleLeafConditionArgs(field="operationName", equals=name) for name in PERMISSION_OPERATIONS]
    monitor.ActivityLogAlert(
        scope.named(rule.key),
        resource_group_name=context.group,
        location=GLOBAL,
        enabled=True,
        description=rule.summary,
        scopes=[f"/subscriptions/{context.subscription_id}"],
        condition=monitor.AlertRuleAllOfConditionArgs(
            all_of=[
                monitor.AlertRuleAnyOfOrLeafConditionArgs(field="category", equals="Administrative"),
                monitor.AlertRuleAnyOfOrLeafConditionArgs(field="status", equals="Succeeded"),
                monitor.AlertRuleAnyOfOrLeafConditionArgs(any_of=leaves),
            ]
        ),
        actions=monitor.ActionListArgs(
            action_groups=[monitor.ActionGroupArgs(action_group_id=targets.base.channels.group(rule.severity))]
        ),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _alarm(spec: Platform, rule: AlarmRule) -> AzureAlarm:
    return AzureAlarm(rule.key, rule.severity, rule.summary, is_enabled(spec, rule))


def metric_alert(
    scope: Scope,
    context: AzureContext,
    channels: AzureChannels,
    alarm: AzureAlarm,
    threshold: MetricThreshold,
    resource_id: pulumi.Input[str],
) -> None:
    """Declare an alert rule on a metric of one resource."""
    monitor = azure_native.monitor
    criterion = monitor.MetricCriteriaArgs(
        criterion_type="StaticThresholdCriterion",
        name="above",
        metric_namespace=threshold.namespace,
        metric_name=threshold.name,
        time_aggregation=threshold.aggregation,
        operator=threshold.operator,
        threshold=threshold.limit,
        dimensions=_dimensions(threshold),
        # the API rejects a rule on a resource that has no metric values yet
        skip_metric_validation=True,
    )
    monitor.MetricAlert(
        scope.named(alarm.key),
        resource_group_name=context.group,
        location=GLOBAL,
        enabled=alarm.enabled,
        severity=SEVERITIES[alarm.severity],
        description=alarm.summary,
        scopes=[resource_id],
        evaluation_frequency=iso_duration(frequency_seconds(threshold.window_seconds)),
        window_size=iso_duration(threshold.window_seconds),
        auto_mitigate=True,
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", all_of=[criterion]
        ),
        actions=[monitor.MetricAlertActionArgs(action_group_id=channels.group(alarm.severity))],
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _dimensions(threshold: MetricThreshold) -> list[azure_native.monitor.MetricDimensionArgs] | None:
    if threshold.dimension is None:
        return None
    name, value = threshold.dimension
    return [azure_native.monitor.MetricDimensionArgs(name=name, operator="Include", values=[value])]


def log_alert(
    scope: Scope,
    context: AzureContext,
    channels: AzureChannels,
    alarm: AzureAlarm,
    query: LogCondition,
    workspace_id: pulumi.Input[str],
) -> None:
    """Declare an alert rule on a query of the workspace."""
    monitor = azure_native.monitor
    condition = monitor.ConditionArgs(
        query=query.query,
        metric_measure_column="value",
        time_aggregation="Average",
        # a string: the SDK's enum belongs to another version of the API
        operator="GreaterThan",
        threshold=query.limit,
        failing_periods=monitor.ConditionFailingPeriodsArgs(
            number_of_evaluation_periods=query.periods, min_failing_periods_to_alert=query.periods
        ),
    )
    monitor.ScheduledQueryRule(
        scope.named(alarm.key),
        resource_group_name=context.group,
        kind="LogAlert",
        enabled=alarm.enabled,
        severity=SEVERITIES[alarm.severity],
        description=alarm.summary,
        display_name=f"{context.stack}-{alarm.key}",
        scopes=[workspace_id],
        evaluation_frequency=iso_duration(query.frequency_seconds),
        window_size=iso_duration(query.window_seconds),
        auto_mitigate=True,
        # Azure creates a table with its first row, and the API rejects a query of a table that does not exist;
        # tests/azure/test_queries.py parses every query instead
        skip_query_validation=True,
        criteria=monitor.ScheduledQueryRuleCriteriaArgs(all_of=[condition]),
        actions=monitor.ActionsArgs(action_groups=[channels.group(alarm.severity)]),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
