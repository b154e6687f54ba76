"""The promise to users: an SLO on answers and one on speed per public service, alarmed by how fast it is broken."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import BURN_RATES, BurnRate
from providers.contract.component import Scope
from providers.contract.spec import Slo
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.alert_policies import Condition, GcpAlarm, create_alarm
from providers.gcp.monitoring.limits import burn_limit
from providers.gcp.naming import run_name
from providers.gcp.observability.channels import GcpChannels

PERIOD_DAYS = 30
QUICK_PERCENT = 95
"""Share of requests that the promised 95th percentile says are quick enough."""


def create_slos(scope: Scope, context: GcpContext, channels: GcpChannels, slo: Slo) -> None:
    """Two SLOs for each public service, and for each the burn-rate alarms of the contract."""
    for name in context.spec.public:
        service = _service(scope, context, name)
        answers = _availability(scope, context, name, service, slo)
        _burning(scope, context, channels, f"{name}-availability", slo.availability_percent, answers)
        speed = _latency(scope, context, name, service, slo)
        _burning(scope, context, channels, f"{name}-speed", QUICK_PERCENT, speed)


def _service(scope: Scope, context: GcpContext, name: str) -> gcp.monitoring.GenericService:
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


def _availability(
    scope: Scope, context: GcpContext, name: str, service: gcp.monitoring.GenericService, slo: Slo
) -> gcp.monitoring.Slo:
    return gcp.monitoring.Slo(
        scope.named(f"{name}-availability"),
        project=context.project,
        service=service.service_id,
        display_name=f"{name}: {slo.availability_percent:g} % of requests are answered",
        goal=round(slo.availability_percent / 100, 6),
        rolling_period_days=PERIOD_DAYS,
        basic_sli=gcp.monitoring.SloBasicSliArgs(availability=gcp.monitoring.SloBasicSliAvailabilityArgs(enabled=True)),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _latency(
    scope: Scope, context: GcpContext, name: str, service: gcp.monitoring.GenericService, slo: Slo
) -> gcp.monitoring.Slo:
    threshold = f"{slo.latency_p95_seconds:g}s"
    return gcp.monitoring.Slo(
        scope.named(f"{name}-speed"),
        project=context.project,
        service=service.service_id,
        display_name=f"{name}: {QUICK_PERCENT} % of answers take less than {threshold}",
        goal=QUICK_PERCENT / 100,
        rolling_period_days=PERIOD_DAYS,
        basic_sli=gcp.monitoring.SloBasicSliArgs(latency=gcp.monitoring.SloBasicSliLatencyArgs(threshold=threshold)),
        user_labels=dict(scope.tags),
        opts=scope.opts(),
    )


def _burning(
    scope: Scope, context: GcpContext, channels: GcpChannels, promise: str, percent: float, slo: gcp.monitoring.Slo
) -> None:
    for rate in BURN_RATES:
        limit = burn_limit(rate, percent)
        summary = f"{promise} burns its error budget {limit:g} times too fast"
        windows = (rate.long_seconds, rate.short_seconds)
        conditions = [_burns(slo, seconds, limit) for seconds in windows]
        alarm = GcpAlarm(f"{promise}-burn-{_hours(rate)}h", rate.severity, summary, conditions)
        create_alarm(scope, context, channels, alarm)


def _hours(rate: BurnRate) -> int:
    return rate.long_seconds // 3600


def _burns(slo: gcp.monitoring.Slo, seconds: int, limit: float) -> Condition:
    return Condition(
        display_name=f"over {seconds // 60} minutes",
        condition_threshold=gcp.monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=pulumi.Output.concat('select_slo_burn_rate("', slo.name, f'", "{seconds}s")'),
            comparison="COMPARISON_GT",
            threshold_value=limit,
            duration="0s",
        ),
    )
