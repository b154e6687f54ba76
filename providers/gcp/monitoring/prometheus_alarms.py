"""Alert policies on the metrics that the services expose, from the Prometheus rules of the contract.

The other alarms use the metrics of Cloud Run and the load balancer. Only services are scraped: database and cache have no
exporter, and their alarms use the metrics of Cloud SQL and Memorystore.
"""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.prometheus import OF_SERVICES, PrometheusRule, Series, prometheus_rules
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.alarms import EVALUATION_SECONDS, Condition, GcpAlarm, create_alarm
from providers.gcp.naming import run_name
from providers.gcp.observability.channels import GcpChannels


def create_prometheus_alarms(scope: Scope, context: GcpContext, channels: GcpChannels) -> None:
    """Create an alert policy for each Prometheus rule on what services expose."""
    # the project stores the series of every stack, so the sidecar's `job` label contains the stack
    rules = prometheus_rules(
        context.spec, context.alarm_rules, OF_SERVICES, Series(lambda name: run_name(context.stack, name))
    )
    for prometheus_rule in rules:
        rule = prometheus_rule.rule
        conditions = [_condition(prometheus_rule)]
        alarm = GcpAlarm(f"{rule.key}-prometheus", rule.severity, rule.summary, conditions)
        create_alarm(scope, context, channels, alarm)


def _condition(prometheus_rule: PrometheusRule) -> Condition:
    rule = prometheus_rule.rule
    return Condition(
        display_name=rule.summary,
        condition_prometheus_query_language=(
            gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                query=f"{prometheus_rule.expression} > {rule.threshold:g}",
                duration=f"{prometheus_rule.seconds}s",
                evaluation_interval=f"{EVALUATION_SECONDS}s",
                rule_group=rule.name,
                alert_rule=rule.key,
                # the series exist only after the first replica has been scraped
                disable_metric_validation=True,
            )
        ),
    )
