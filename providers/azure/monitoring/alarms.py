"""Every alarm rule of the contract: a metric alert where a metric tells, a question to the logs elsewhere."""

from providers.azure.monitoring.alert_rules import AzureAlarm, Question, Threshold, log_alert, metric_alert
from providers.azure.monitoring.metrics import METRICS, QUERIES, QUERY_PERIOD_MINUTES, query_minutes, window_seconds
from providers.azure.monitoring.targets import AzureTargets
from providers.contract.alarms import AlarmRule, metric_for
from providers.contract.component import Scope


def create_alarms(scope: Scope, targets: AzureTargets) -> None:
    """One alert rule for each alarm rule; LookupError for a signal that neither table has."""
    for rule in targets.base.context.alarm_rules:
        if rule.signal in QUERIES:
            _ask(scope, targets, rule)
        else:
            _watch(scope, targets, rule)


def _watch(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    metric, base = metric_for(METRICS, rule), targets.base
    limit = metric.limit(targets.spec, rule, targets.max_connections)
    threshold = Threshold(
        metric.namespace, metric.name, metric.aggregation, metric.operator, limit, window_seconds(rule)
    )
    metric_alert(scope, base.context, base.channels, _alarm(rule), threshold, targets.ids[rule.name])


def _ask(scope: Scope, targets: AzureTargets, rule: AlarmRule) -> None:
    base = targets.base
    query = metric_for(QUERIES, rule)(base.context.stack, rule)
    question = Question(query, rule.threshold, query_minutes(rule) * 60, QUERY_PERIOD_MINUTES * 60)
    log_alert(scope, base.context, base.channels, _alarm(rule), question, base.logs.workspace_id)


def _alarm(rule: AlarmRule) -> AzureAlarm:
    return AzureAlarm(rule.key, rule.severity, rule.summary)
