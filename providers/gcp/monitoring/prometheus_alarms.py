"""The shared Prometheus rules, evaluated by Cloud Monitoring over what the sidecars send.

They watch what a service says of itself, where the other alarms watch what Cloud Run and the load balancer see. Only
services are scraped: nothing exports the database's and the cache's metrics here, and Google's own watch those.
"""

import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.prometheus import PrometheusRule, prometheus_rules
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.alert_policies import Condition, GcpAlarm, create_alarm
from providers.gcp.naming import run_name
from providers.gcp.observability.channels import GcpChannels

EVALUATION_SECONDS = 60


def create_prometheus_alarms(scope: Scope, context: GcpContext, channels: GcpChannels) -> None:
    """One alert policy for each shared rule about a service."""
    for found in prometheus_rules(context.spec, context.alarm_rules, subjects=("service",)):
        rule = found.rule
        alarm = GcpAlarm(f"{rule.key}-prometheus", rule.severity, rule.summary, [_condition(context, found)])
        create_alarm(scope, context, channels, alarm)


def _condition(context: GcpContext, found: PrometheusRule) -> Condition:
    rule = found.rule
    # the project's store holds every stack's series, so the sidecar's `job` carries the stack too
    query = found.expression.replace(f'job="{rule.name}"', f'job="{run_name(context.stack, rule.name)}"')
    return Condition(
        display_name=rule.summary,
        condition_prometheus_query_language=(
            gcp.monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                query=f"{query} > {rule.threshold:g}",
                duration=f"{found.seconds}s",
                evaluation_interval=f"{EVALUATION_SECONDS}s",
                rule_group=rule.name,
                alert_rule=rule.key,
                # the series exist once the first copy has been scraped, which is after this
                disable_metric_validation=True,
            )
        ),
    )
