"""Seen from outside: Google's checkers on several continents ask every public service once a minute."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import Entry
from providers.gcp.context import GcpContext
from providers.gcp.entry import routes
from providers.gcp.entry.admission import open_to_all
from providers.gcp.monitoring.alert_policies import Condition, GcpAlarm, create_alarm
from providers.gcp.observability.channels import GcpChannels

PERIOD_SECONDS, TIMEOUT_SECONDS = 60, 10
WINDOW_SECONDS = 1200
"""How far back the last answer of each checker may lie: Cloud Monitoring, "Create alerting policies for uptime checks"."""


def create_uptime_checks(scope: Scope, context: GcpContext, channels: GcpChannels, entry: Entry) -> None:
    """A check and its alarm for each public service; none where the checkers' addresses may not connect."""
    if not open_to_all(context.spec):
        return
    host = entry.url.apply(lambda url: url.partition("://")[2])
    for name in context.spec.public:
        check = _check(scope, context, name, host)
        summary = f"{name} cannot be reached from outside"
        alarm = GcpAlarm(f"{name}-unreachable", "critical", summary, [_failing(check, summary)])
        create_alarm(scope, context, channels, alarm)


def _check(scope: Scope, context: GcpContext, name: str, host: pulumi.Output[str]) -> gcp.monitoring.UptimeCheckConfig:
    path, statuses = routes.checked(context.spec, name)
    secure = context.spec.ingress.domain is not None
    return gcp.monitoring.UptimeCheckConfig(
        scope.named(f"{name}-uptime"),
        project=context.project,
        display_name=f"{context.stack}-{name}",
        period=f"{PERIOD_SECONDS}s",
        timeout=f"{TIMEOUT_SECONDS}s",
        checker_type="STATIC_IP_CHECKERS",
        http_check=gcp.monitoring.UptimeCheckConfigHttpCheckArgs(
            path=path,
            port=443 if secure else 80,
            use_ssl=secure,
            validate_ssl=secure,
            accepted_response_status_codes=[
                gcp.monitoring.UptimeCheckConfigHttpCheckAcceptedResponseStatusCodeArgs(status_class=status)
                for status in statuses
            ],
        ),
        monitored_resource=gcp.monitoring.UptimeCheckConfigMonitoredResourceArgs(
            type="uptime_url", labels={"host": host, "project_id": context.project}
        ),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _failing(check: gcp.monitoring.UptimeCheckConfig, summary: str) -> Condition:
    return Condition(
        display_name=summary,
        condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=pulumi.Output.concat(
                'resource.type="uptime_url" AND metric.type="monitoring.googleapis.com/uptime_check/check_passed" '
                'AND metric.labels.check_id="',
                check.uptime_check_id,
                '"',
            ),
            aggregations=[
                gcp.monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                    alignment_period=f"{WINDOW_SECONDS}s",
                    per_series_aligner="ALIGN_NEXT_OLDER",
                    cross_series_reducer="REDUCE_COUNT_FALSE",
                    group_by_fields=["resource.label.host"],
                )
            ],
            comparison="COMPARISON_GT",
            # one checker alone may have lost its own way to us
            threshold_value=1,
            duration="60s",
            trigger=gcp.monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )
