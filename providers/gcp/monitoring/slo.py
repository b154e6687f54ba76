"""Service level objectives with burn-rate alarms, and uptime checks, for each public service."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.burn_rates import BURN_RATES
from providers.contract.component import Scope
from providers.contract.results import Entry
from providers.contract.spec import Slo
from providers.gcp.context import GcpContext
from providers.gcp.entry import routes
from providers.gcp.entry.limits import is_open_to_all
from providers.gcp.monitoring.alarms import Condition, GcpAlarm, create_alarm
from providers.gcp.monitoring.limits import burn_rate_threshold
from providers.gcp.naming import run_name
from providers.gcp.observability.channels import GcpChannels

SLO_PERIOD_DAYS = 30
LATENCY_GOAL_PERCENT = 95
"""Share of requests below the latency of the SLO, which is a 95th percentile."""
UPTIME_PERIOD_SECONDS, UPTIME_TIMEOUT_SECONDS = 60, 10
UPTIME_WINDOW_SECONDS = 1200
"""Maximum age of a checker's last result: Cloud Monitoring documentation, "Create alerting policies for uptime checks"."""


def create_slos(scope: Scope, context: GcpContext, channels: GcpChannels, slo: Slo) -> None:
    """Create an availability and a latency SLO for each public service, each with the burn-rate alarms of the contract."""
    for name in context.spec.public:
        service = _create_monitored_service(scope, context, name)
        availability = _create_availability_slo(scope, context, name, service, slo)
        _create_burn_rate_alarms(
            scope, context, channels, f"{name}-availability", slo.availability_percent, availability
        )
        latency = _create_latency_slo(scope, context, name, service, slo)
        _create_burn_rate_alarms(scope, context, channels, f"{name}-speed", LATENCY_GOAL_PERCENT, latency)


def _create_monitored_service(scope: Scope, context: GcpContext, name: str) -> gcp.monitoring.GenericService:
    labels = {"service_name": run_name(context.stack, name), "location": context.region}
    return gcp.monitoring.GenericService(
        scope.named(f"{name}-promise"),
        project=context.project,
        service_id=run_name(context.stack, name),
        display_name=run_name(context.stack, name),
        basic_service=gcp.monitoring.GenericServiceBasicServiceArgs(service_type="CLOUD_RUN", service_labels=labels),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _create_availability_slo(
    scope: Scope, context: GcpContext, name: str, service: gcp.monitoring.GenericService, slo: Slo
) -> gcp.monitoring.Slo:
    return gcp.monitoring.Slo(
        scope.named(f"{name}-availability"),
        project=context.project,
        service=service.service_id,
        display_name=f"{name}: {slo.availability_percent:g} % of requests are answered",
        goal=round(slo.availability_percent / 100, 6),
        rolling_period_days=SLO_PERIOD_DAYS,
        basic_sli=gcp.monitoring.SloBasicSliArgs(availability=gcp.monitoring.SloBasicSliAvailabilityArgs(enabled=True)),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _create_latency_slo(
    scope: Scope, context: GcpContext, name: str, service: gcp.monitoring.GenericService, slo: Slo
) -> gcp.monitoring.Slo:
    threshold = f"{slo.latency_p95_seconds:g}s"
    return gcp.monitoring.Slo(
        scope.named(f"{name}-speed"),
        project=context.project,
        service=service.service_id,
        display_name=f"{name}: {LATENCY_GOAL_PERCENT} % of answers take less than {threshold}",
        goal=LATENCY_GOAL_PERCENT / 100,
        rolling_period_days=SLO_PERIOD_DAYS,
        basic_sli=gcp.monitoring.SloBasicSliArgs(latency=gcp.monitoring.SloBasicSliLatencyArgs(threshold=threshold)),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _create_burn_rate_alarms(
    scope: Scope, context: GcpContext, channels: GcpChannels, part: str, goal_percent: float, slo: gcp.monitoring.Slo
) -> None:
    for rate in BURN_RATES:
        threshold = burn_rate_threshold(rate, goal_percent)
        summary = f"{part} burns its error budget {threshold:g} times too fast"
        conditions = [_burn_rate_condition(slo, s, threshold) for s in (rate.long_seconds, rate.short_seconds)]
        alarm = GcpAlarm(f"{part}-burn-{rate.long_seconds // 3600}h", rate.severity, summary, conditions)
        create_alarm(scope, context, channels, alarm)


def _burn_rate_condition(slo: gcp.monitoring.Slo, seconds: int, threshold: float) -> Condition:
    return Condition(
        display_name=f"over {seconds // 60} minutes",
        condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=pulumi.Output.concat('select_slo_burn_rate("', slo.name, f'", "{seconds}s")'),
            comparison="COMPARISON_GT",
            threshold_value=threshold,
            duration="0s",
        ),
    )


def create_uptime_checks(scope: Scope, context: GcpContext, channels: GcpChannels, entry: Entry) -> None:
    """Create an uptime check and its alarm for each public service.

    Without open ingress there is none: the uptime checkers connect from addresses that are not allowed.
    """
    if not is_open_to_all(context.spec):
        return
    host = entry.url.apply(lambda url: url.partition("://")[2])
    for name in context.spec.public:
        check = _create_uptime_check(scope, context, name, host)
        summary = f"{name} cannot be reached from outside"
        alarm = GcpAlarm(f"{name}-unreachable", "critical", summary, [_uptime_condition(check, summary)])
        create_alarm(scope, context, channels, alarm)


def _create_uptime_check(
    scope: Scope, context: GcpContext, name: str, host: pulumi.Output[str]
) -> gcp.monitoring.UptimeCheckConfig:
    path, statuses = routes.uptime_target(context.spec, name)
    uses_tls = context.spec.ingress.domain is not None
    return gcp.monitoring.UptimeCheckConfig(
        scope.named(f"{name}-uptime"),
        project=context.project,
        display_name=f"{context.stack}-{name}",
        period=f"{UPTIME_PERIOD_SECONDS}s",
        timeout=f"{UPTIME_TIMEOUT_SECONDS}s",
        checker_type="STATIC_IP_CHECKERS",
        http_check=gcp.monitoring.UptimeCheckConfigHttpCheckArgs(
            path=path,
            port=443 if uses_tls else 80,
            use_ssl=uses_tls,
            validate_ssl=uses_tls,
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


def _uptime_condition(check: gcp.monitoring.UptimeCheckConfig, summary: str) -> Condition:
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
                    alignment_period=f"{UPTIME_WINDOW_SECONDS}s",
                    per_series_aligner="ALIGN_NEXT_OLDER",
                    cross_series_reducer="REDUCE_COUNT_FALSE",
                    group_by_fields=["resource.label.host"],
                )
            ],
            comparison="COMPARISON_GT",
            # a single failing checker may have a network problem
            threshold_value=1,
            duration="60s",
            trigger=gcp.monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )
