"""Alarms, SLOs, uptime checks, dashboard, logs and budget of a region.

Google Cloud collects metrics and logs without configuration; `metrics.py` selects the metrics of alarms and graphs. The
budget belongs to the billing account of the project, so a deployment needs `roles/billing.costsManager` there. Its amount
is in US dollars; a billing account in another currency rejects it.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.region_specs import is_standby
from providers.contract.results import Entry, Monitoring
from providers.contract.spec import BudgetSpec
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.alarms import create_alarms, find_targets
from providers.gcp.monitoring.dashboard import create_dashboard
from providers.gcp.monitoring.limits import MAX_BUDGET_CHANNELS, money
from providers.gcp.monitoring.log_searches import create_log_searches
from providers.gcp.monitoring.notices import create_notices
from providers.gcp.monitoring.prometheus_alarms import create_prometheus_alarms
from providers.gcp.monitoring.slo import create_slos, create_uptime_checks
from providers.gcp.observability.channels import GcpChannels
from providers.gcp.observability.logs import create_log_bucket, create_log_metrics
from providers.gcp.workloads import GcpWatched

SPENT, FORECAST = "CURRENT_SPEND", "FORECASTED_SPEND"
BUDGET_THRESHOLDS = ((0.8, SPENT), (1.0, SPENT), (1.0, FORECAST))
"""Shares of the budget and their basis at which a notification is sent."""


def create_monitoring(scope: Scope, base: GcpBaseResources, watched: GcpWatched, entry: Entry) -> Monitoring:
    """Create an alarm for each rule of the contract, SLOs, uptime checks, log bucket, budget and dashboard."""
    context, channels, settings = base.context, base.channels, base.spec.monitoring
    targets = find_targets(context, watched, entry)
    create_log_searches(scope, context, create_log_bucket(scope, base, targets))
    create_alarms(scope, targets, channels, create_log_metrics(scope, targets))
    if not is_standby(base.spec):  # the entry and the policy of notices are one for both regions
        create_uptime_checks(scope, context, channels, entry)
        if base.spec.recovery.failover_timeout_minutes is not None:
            create_notices(scope, context, channels)
    if settings.slo is not None:
        create_slos(scope, context, channels, settings.slo)
    if settings.prometheus:
        create_prometheus_alarms(scope, context, channels)
    if base.spec.budget is not None:
        _create_budget(scope, context, channels, base.spec.budget)
    if not settings.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(scope, targets))


def _create_budget(scope: Scope, context: GcpContext, channels: GcpChannels, budget: BudgetSpec) -> None:
    project = gcp.organizations.get_project_output(
        project_id=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    )
    units, nanos = money(budget.monthly_usd)
    gcp.billing.Budget(
        scope.named("budget"),
        billing_account=project.billing_account,
        display_name=f"{context.stack}: {budget.monthly_usd:g} USD a month",
        # the project's number: the API returns it in place of an id, which would show a difference in every update
        budget_filter=gcp.billing.BudgetBudgetFilterArgs(
            projects=[pulumi.Output.concat("projects/", project.number)],
            credit_types_treatment="INCLUDE_ALL_CREDITS",
            calendar_period="MONTH",
        ),
        amount=gcp.billing.BudgetAmountArgs(
            specified_amount=gcp.billing.BudgetAmountSpecifiedAmountArgs(
                currency_code="USD", units=str(units), nanos=nanos or None
            )
        ),
        threshold_rules=[
            gcp.billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis=basis)
            for share, basis in BUDGET_THRESHOLDS
        ],
        all_updates_rule=_budget_notifications(channels),
        opts=scope.opts(),
    )


def _budget_notifications(channels: GcpChannels) -> gcp.billing.BudgetAllUpdatesRuleArgs | None:
    """Notify the e-mail channels; without any, Cloud Billing notifies the administrators of the billing account."""
    if not channels.emails:
        return None
    return gcp.billing.BudgetAllUpdatesRuleArgs(
        monitoring_notification_channels=list(channels.emails[:MAX_BUDGET_CHANNELS]),
        disable_default_iam_recipients=False,
        enable_project_level_recipients=True,
    )
