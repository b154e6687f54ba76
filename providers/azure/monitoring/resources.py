"""Alarms, SLO burn-rate alarms, budget and dashboard of one location.

Metrics are available by default, logs through the diagnostic setting of each resource; the tables in
`providers/azure/monitoring/metrics.py` select the metrics. Notifications use the action groups of
`providers/azure/observability/channels.py`. A burn-rate alarm fires when both windows of its pair exceed the rate; one
query of the entry's log covers both.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.entry.gateway import AzureGatewayEntry
from providers.azure.monitoring.alarms import (
    AzureAlarm,
    LogCondition,
    MetricThreshold,
    create_alarms,
    create_origin_alarm,
    log_alert,
    metric_alert,
    monitoring_targets,
)
from providers.azure.monitoring.dashboard import create_dashboard
from providers.azure.monitoring.limits import budget_start
from providers.azure.monitoring.log_searches import create_log_searches
from providers.azure.monitoring.metrics import FIRST_BYTE, GATEWAY, access_log, burn_rate_query
from providers.azure.workloads import AzureWatched
from providers.contract.alarms import Severity
from providers.contract.burn_rates import BURN_RATES, BurnRate
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.results import Entry, Monitoring
from providers.contract.spec import BudgetSpec, Slo

HOUR_SECONDS = 3600
SLO_FREQUENCY_SECONDS = 300
SLO_LATENCY = "slo-latency-p95"
BUDGET_NOTIFICATIONS: tuple[tuple[str, int, Severity], ...] = (
    ("Actual", 80, "warning"),
    ("Forecasted", 100, "warning"),
    ("Actual", 100, "critical"),
)
"""Type of the compared cost, percentage of the budget, and severity."""


def create_monitoring(scope: Scope, base: AzureBaseResources, watched: AzureWatched, entry: Entry) -> Monitoring:
    """Declare alarms, SLO, budget and dashboard."""
    spec, targets = base.spec, monitoring_targets(base, watched, entry)
    create_alarms(scope, targets)
    create_origin_alarm(scope, targets, entry)
    create_log_searches(scope, base.context, base.logs)
    if spec.monitoring.slo is not None and spec.public:
        _slo_alarms(scope, base, spec.monitoring.slo, entry)
    if spec.budget is not None:
        _budget(scope, base, spec.budget)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(scope, targets))


def _slo_alarms(scope: Scope, base: AzureBaseResources, slo: Slo, entry: Entry) -> None:
    """Alarm for each pair of windows, and one on the latency objective over an hour, for all public services."""
    for pair in BURN_RATES:
        _burn_rate_alarm(scope, base, slo, pair)
    if isinstance(entry, AzureGatewayEntry):
        _gateway_latency_alarm(scope, base, slo, entry)
        return
    summary = f"the 95th percentile latency was above the objective of {slo.latency_p95_seconds:g} s for an hour"
    query = LogCondition(
        query=f"{access_log(base.context)} | where isnotempty(route) | summarize value = percentile(seconds, 95)",
        limit=slo.latency_p95_seconds,
        window_seconds=HOUR_SECONDS,
        frequency_seconds=SLO_FREQUENCY_SECONDS,
    )
    alarm = AzureAlarm(SLO_LATENCY, "warning", summary, enabled=not is_passive(base.spec))
    log_alert(scope, base.context, base.channels, alarm, query, base.logs.workspace_id)


def _gateway_latency_alarm(scope: Scope, base: AzureBaseResources, slo: Slo, entry: AzureGatewayEntry) -> None:
    """Alarm on the average time to the first byte, of which Application Gateway logs no single values."""
    summary = f"the average latency was above the objective of {slo.latency_p95_seconds:g} s for an hour"
    threshold = MetricThreshold(
        GATEWAY, FIRST_BYTE, "Average", "GreaterThan", round(slo.latency_p95_seconds * 1000), HOUR_SECONDS
    )
    alarm = AzureAlarm(SLO_LATENCY, "warning", summary)
    metric_alert(scope, base.context, base.channels, alarm, threshold, entry.gateway_id)


def _burn_rate_alarm(scope: Scope, base: AzureBaseResources, slo: Slo, pair: BurnRate) -> None:
    percent = pair.error_percent(slo.availability_percent)
    summary = (
        f"the error budget of {slo.availability_percent:g} % availability burns {pair.factor:g} times too fast: "
        f"more than {percent:g} % of requests fail"
    )
    query = LogCondition(
        query=burn_rate_query(base.context, percent, pair.short_seconds),
        # the query filters by the percentage: a percentage of 100 could not be exceeded
        limit=0,
        window_seconds=pair.long_seconds,
        frequency_seconds=SLO_FREQUENCY_SECONDS,
    )
    key = f"slo-{pair.long_seconds // HOUR_SECONDS}h"
    alarm = AzureAlarm(key, pair.severity, summary, enabled=not is_passive(base.spec))
    log_alert(scope, base.context, base.channels, alarm, query, base.logs.workspace_id)


def _budget(scope: Scope, base: AzureBaseResources, budget: BudgetSpec) -> None:
    """Budget of the resource group, which notifies the action groups."""
    consumption = azure_native.consumption
    consumption.Budget(
        scope.named("budget"),
        scope=base.context.group_id,
        amount=budget.monthly_usd,
        category="Cost",
        time_grain="Monthly",
        time_period=consumption.BudgetTimePeriodArgs(start_date=budget_start(base.spec)),
        notifications={
            f"{cost_type.lower()}-{percent}": consumption.NotificationArgs(
                enabled=True,
                operator="GreaterThanOrEqualTo",
                threshold=percent,
                threshold_type=cost_type,
                # the action groups have the addresses
                contact_emails=[],
                contact_groups=[base.channels.group(severity)],
            )
            for cost_type, percent, severity in BUDGET_NOTIFICATIONS
        },
        opts=scope.opts(),
    )
