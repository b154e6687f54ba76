"""Alert policies of Cloud Monitoring: one per alarm rule, and the subjects that alarms and dashboards refer to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import ACCOUNT_PERMISSIONS, ENTRY_FIREWALL, AlarmRule, Severity, Signal, metric_for
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.results import Entry
from providers.contract.spec import Platform
from providers.contract.tokens import counted_prices
from providers.gcp.context import GcpContext
from providers.gcp.entry.resources import GcpEntry
from providers.gcp.monitoring import metrics
from providers.gcp.monitoring.metrics import (
    ABOVE,
    COPIED_DATABASE,
    COPIED_OBJECTS,
    COPY_KINDS,
    DRILL_SIGNALS,
    EXPORT_SILENCE_SECONDS,
    LOG_FILTERS,
    METRICS,
    GcpMetric,
    alignment_seconds,
    cost_query,
    drill_query,
    duration_seconds,
    log_metric_query,
    missed_job_query,
    missing_export_query,
)
from providers.gcp.naming import COPIER, run_name, workflow_id
from providers.gcp.observability.channels import GcpChannels
from providers.gcp.workloads import GcpWatched

EVALUATION_SECONDS = 60
"""Interval at which a query of an alarm is evaluated."""
AUTO_CLOSE_SECONDS = 1800
"""Time after which an incident without data closes; the minimum: Cloud Monitoring API, `AlertStrategy.autoClose`."""
SEVERITIES: dict[Severity, str] = {"warning": "WARNING", "critical": "CRITICAL"}

Condition = gcp.monitoring.AlertPolicyConditionArgs


@dataclass(frozen=True)
class GcpTargets:
    """Google Cloud's names of the services, the stores and their copies, and the server's connection limit."""

    context: GcpContext
    subjects: Mapping[str, pulumi.Output[str]]
    """Names of the subjects by the name of the rule, and of copies by kind."""
    max_connections: int

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec

    def subject(self, rule: AlarmRule) -> pulumi.Output[str]:
        """Google Cloud's name of a rule's subject; copies have one for each signal."""
        return self.subjects[COPY_KINDS.get(rule.signal, rule.name)]

    def series(self, rule: AlarmRule) -> pulumi.Output[str]:
        """Filter of a rule's time series."""
        return self.subject(rule).apply(lambda name: metrics.series(self.spec, self.context.stack, rule, name))

    def all_series(self, rule: AlarmRule) -> pulumi.Output[str]:
        """Filter of the time series that a share refers to."""
        return self.subject(rule).apply(lambda name: metrics.all_series(self.spec, self.context.stack, rule, name))

    def threshold(self, rule: AlarmRule) -> float:
        """Threshold of a rule in the unit of the metric."""
        return METRICS[rule.signal].threshold(self.spec, rule, self.max_connections)


@dataclass(frozen=True)
class GcpAlarm:
    """Alert policy that fires when every condition is met; `key` is its logical name part."""

    key: str
    severity: Severity
    summary: str
    conditions: Sequence[Condition]
    enabled: bool | None = None
    """False for an alarm on what is expected in a region that does not serve; None for the default, which is true."""


def find_targets(context: GcpContext, watched: GcpWatched, entry: Entry) -> GcpTargets:
    """Return the subjects of every alarm rule."""
    run_names = (*context.spec.services, *context.spec.jobs)
    subjects = {name: pulumi.Output.from_input(run_name(context.stack, name)) for name in run_names}
    subjects[ACCOUNT_PERMISSIONS] = pulumi.Output.from_input(context.project)
    if isinstance(entry, GcpEntry):
        subjects[ENTRY_FIREWALL] = entry.policy_name
    if watched.database is not None:
        subjects["database"] = watched.database.identifier
    subjects |= {part: cache.identifier for part, cache in watched.caches.items()}
    if watched.copies is not None:
        subjects[COPIED_DATABASE] = pulumi.Output.from_input(workflow_id(context.stack, COPIER))
        if watched.copies.transfer is not None:
            subjects[COPIED_OBJECTS] = watched.copies.transfer.apply(lambda name: name.removeprefix("transferJobs/"))
    return GcpTargets(context, subjects, watched.database.max_connections if watched.database else 0)


def create_alarms(
    scope: Scope, targets: GcpTargets, channels: GcpChannels, log_metrics: Mapping[Signal, pulumi.Resource]
) -> None:
    """Create an alert policy for each rule; `log_metrics` are the metrics that count log entries, by signal."""
    for rule in targets.context.alarm_rules.of_cloud:
        enabled = False if _is_expected(targets.spec, rule) else None
        alarm = GcpAlarm(rule.key, rule.severity, rule.summary, list(_conditions(targets, rule)), enabled)
        # a query contains the metric's name as text
        depends_on = [log_metrics[rule.signal]] if rule.signal in log_metrics else []
        create_alarm(scope, targets.context, channels, alarm, depends_on=depends_on)


def _is_expected(spec: Platform, rule: AlarmRule) -> bool:
    """Return whether what a rule measures is expected in a region that does not serve: no runs, exports and stopped services."""
    if not is_passive(spec):
        return False
    if rule.subject == "models":  # counted for the whole project, so the region that serves has the alarm
        return True
    if rule.subject == "service":
        return rule.signal is Signal.MISSING_REPLICAS and spec.services[rule.name].replicas.min == 0
    return rule.signal in (Signal.JOB_MISSED, Signal.COPIES_DATABASE_MISSING)


def create_alarm(
    scope: Scope,
    context: GcpContext,
    channels: GcpChannels,
    alarm: GcpAlarm,
    depends_on: Sequence[pulumi.Resource] = (),
) -> gcp.monitoring.AlertPolicy:
    """Create an alert policy that notifies the channels of its severity."""
    return gcp.monitoring.AlertPolicy(
        scope.named(alarm.key),
        project=context.project,
        display_name=f"{context.stack}-{alarm.key}",
        enabled=alarm.enabled,
        combiner="AND",
        severity=SEVERITIES[alarm.severity],
        conditions=list(alarm.conditions),
        notification_channels=list(channels.of(alarm.severity)),
        alert_strategy=gcp.monitoring.AlertPolicyAlertStrategyArgs(
            auto_close=f"{AUTO_CLOSE_SECONDS}s", notification_prompts=["OPENED", "CLOSED"]
        ),
        documentation=gcp.monitoring.AlertPolicyDocumentationArgs(
            subject=f"{alarm.severity}: {alarm.summary}",
            content=f"{alarm.summary} (stack {context.stack}, region {context.region}).",
            mime_type="text/markdown",
        ),
        user_labels=dict(scope.tags),
        opts=scope.opts(depends_on=depends_on),
    )


def _conditions(targets: GcpTargets, rule: AlarmRule) -> Iterator[Condition]:
    """Condition of a rule, and for a share of at least some events one on their number."""
    yield _condition(targets, rule)
    metric = METRICS.get(rule.signal)  # none where the condition is a query
    if metric is not None and metric.min_events:
        period = alignment_seconds(targets.spec, rule)
        yield Condition(
            display_name=f"{metric.min_events} or more in {period} s",
            condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
                filter=targets.all_series(rule),
                aggregations=[
                    gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                        alignment_period=f"{period}s",
                        per_series_aligner="ALIGN_DELTA",
                        cross_series_reducer="REDUCE_SUM",
                    )
                ],
                comparison=ABOVE,
                threshold_value=metric.min_events - 1,
                duration=f"{duration_seconds(targets.spec, rule)}s",
                evaluation_missing_data=metric.missing(passive=is_passive(targets.spec)),
                trigger=gcp.monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
            ),
        )


def _condition(targets: GcpTargets, rule: AlarmRule) -> Condition:
    if rule.subject == "models":
        query = pulumi.Output.from_input(f"{cost_query(counted_prices(targets.spec), rule)} > {rule.threshold:g}")
        return _query_condition(rule, query)
    if rule.signal in LOG_FILTERS:
        return _log_condition(targets, rule)
    if rule.signal is Signal.JOB_MISSED:
        return _query_condition(rule, targets.subject(rule).apply(lambda name: missed_job_query(rule, name)))
    if rule.signal is Signal.COPIES_DATABASE_MISSING:
        query = targets.subject(rule).apply(missing_export_query)
        return _query_condition(rule, query, EXPORT_SILENCE_SECONDS)
    if rule.signal in DRILL_SIGNALS:
        query = pulumi.Output.from_input(drill_query(targets.context.stack, rule))
        return _query_condition(rule, query, duration_seconds(targets.spec, rule))
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
            denominator_filter=targets.all_series(rule) if metric.is_share else None,
            denominator_aggregations=_denominator(metric, period) if metric.is_share else None,
            comparison=metric.comparison,
            threshold_value=targets.threshold(rule),
            duration=f"{duration_seconds(targets.spec, rule)}s",
            evaluation_missing_data=metric.missing(passive=is_passive(targets.spec)),
            trigger=gcp.monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )


def _log_condition(targets: GcpTargets, rule: AlarmRule) -> Condition:
    """Condition on a metric that counts log entries, in PromQL and without validation.

    Cloud Monitoring learns of such a metric up to 10 minutes after its creation, and answers 404 to a filter that names it
    earlier (hashicorp/terraform-provider-google#11102).
    """
    subject, threshold = targets.subject(rule), targets.threshold(rule)
    query = subject.apply(lambda name: log_metric_query(targets.spec, targets.context.stack, rule, name))
    return Condition(
        display_name=rule.summary,
        condition_prometheus_query_language=gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
            query=pulumi.Output.concat(query, f" > {threshold:g}"),
            duration=f"{duration_seconds(targets.spec, rule)}s",
            evaluation_interval=f"{EVALUATION_SECONDS}s",
            disable_metric_validation=True,
        ),
    )


def _query_condition(rule: AlarmRule, query: pulumi.Output[str], seconds: int = 0) -> Condition:
    """Condition in PromQL, which has no limit of 25 hours as an alignment has, and can express an absence."""
    return Condition(
        display_name=rule.summary,
        condition_prometheus_query_language=gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
            query=query,
            duration=f"{seconds}s",
            evaluation_interval=f"{EVALUATION_SECONDS}s",
            # the metric exists after the first run
            disable_metric_validation=True,
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
