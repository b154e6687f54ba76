"""Monitoring settings that Google Cloud refuses or adjusts, and limits of SLO alarms and budgets. Pure."""

from collections.abc import Iterator
from math import floor

from providers.contract.burn_rates import BurnRate
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.limits import denied_flow_adjustments, query_log_adjustments
from providers.contract.span_limits import fixed_retention, untraced_runs
from providers.contract.spec import Platform
from providers.gcp.naming import slack_channel_name

MAX_AVAILABILITY_PERCENT = 99.9
"""Maximum goal of an SLO: the provider's `monitoring.Slo`, `goal`."""
MAX_BUDGET_CHANNELS = 5
"""Channels of one budget, e-mail only: Cloud Billing documentation, "Customize budget alert email recipients"."""
OUTAGE_SHARE = 0.99
"""Share of a total outage's burn rate that counts as an outage."""
TRACE_DAYS = 30
"""Cloud Trace documentation, "Quotas and limits"."""
UNLOGGED_FLOWS = (
    "no alarm: the firewall logs no connections of Cloud Run's Direct VPC egress, and VPC Flow Logs have no denied ones"
)
"""Cloud Run documentation, "Direct VPC with a VPC network", limitations; VPC documentation, "VPC Flow Logs"."""
REQUIRED_RETENTION_DAYS = 400
"""Days that the project's `_Required` bucket keeps administrative audit logs, which cannot be changed: Cloud Logging
documentation, "Routing and storage overview"."""


def burn_rate_threshold(rate: BurnRate, percent: float) -> float:
    """Burn rate above which a pair of windows fires: its factor, or almost the rate of a total outage if that is lower.

    An alarm fires above its threshold, not at it. An SLO of 90 % never burns more than ten times too fast, so a higher
    threshold could not fire.
    """
    return min(rate.factor, round(OUTAGE_SHARE * 100 / (100 - percent), 4))


def money(usd: float) -> tuple[int, int]:
    """Return whole dollars, and the rest in billionths of a dollar: Cloud Billing API, `Money`."""
    return floor(usd), round((usd - floor(usd)) * 100) * 10**7


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse an SLO above the maximum of Cloud Monitoring, and administrators of a Grafana that does not exist."""
    return [*_slo_refusals(spec), *_grafana_refusals(spec)]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Report settings of logs, channels, budget and dashboard that differ on Google Cloud."""
    return [
        *_log_adjustments(spec),
        *_slack_adjustments(spec),
        *_budget_adjustments(spec),
        *_dashboard_adjustments(spec),
        *denied_flow_adjustments(spec, Effect.IGNORED, UNLOGGED_FLOWS),
        *query_log_adjustments(spec, "the log of the load balancer and of Cloud Run"),
        *fixed_retention(spec, "Cloud Trace", TRACE_DAYS),
        *untraced_runs(spec),
    ]


def _slo_refusals(spec: Platform) -> Iterator[Diagnostic]:
    slo = spec.monitoring.slo
    if slo is not None and slo.availability_percent > MAX_AVAILABILITY_PERCENT:
        maximum = f"{MAX_AVAILABILITY_PERCENT:g}"
        problem = (
            f"{slo.availability_percent:g} % is more than the {maximum} % that an SLO of Cloud Monitoring can have"
        )
        yield Unsupported("gcp", "monitoring.slo.availability_percent", problem=problem, fix=f"use {maximum} or less")


def _grafana_refusals(spec: Platform) -> Iterator[Diagnostic]:
    if spec.monitoring.grafana_admins:
        problem = "Google Cloud has no managed Grafana; the dashboard is one of Cloud Monitoring"
        fix = "remove the key, and grant roles/monitoring.viewer on the project to whoever reads the dashboard"
        yield Unsupported("gcp", "monitoring.grafana_admins", problem=problem, fix=fix)


def _log_adjustments(spec: Platform) -> Iterator[Adjustment]:
    days = spec.monitoring.log_retention_days
    if days < REQUIRED_RETENTION_DAYS:
        reason = (
            f"{days} days for all logs but audit logs of administrative changes, which the project's `_Required` bucket "
            f"keeps for {REQUIRED_RETENTION_DAYS} days"
        )
        yield Adjustment("monitoring.log_retention_days", requested=days, effect=Effect.PARTIAL, reason=reason)


def _slack_adjustments(spec: Platform) -> Iterator[Adjustment]:
    slack = spec.monitoring.slack
    if slack is not None:
        reason = (
            f"uses the existing notification channel {slack_channel_name(slack)}; Slack channels can only be created in "
            "the Google Cloud console, once, with this display name"
        )
        yield Adjustment("monitoring.slack", requested=slack.model_dump(), effect=Effect.ADJUSTED, reason=reason)


def _budget_adjustments(spec: Platform) -> Iterator[Adjustment]:
    emails = len(spec.monitoring.emails)
    if spec.budget is not None and (spec.monitoring.slack is not None or emails > MAX_BUDGET_CHANNELS):
        reason = (
            f"notifies {_budget_recipients(emails)} only; a budget has at most {MAX_BUDGET_CHANNELS} channels, all of "
            "them e-mail"
        )
        key = "budget.monthly_usd"
        yield Adjustment(key, requested=spec.budget.monthly_usd, effect=Effect.PARTIAL, reason=reason)


def _budget_recipients(emails: int) -> str:
    if emails == 0:
        return "the administrators of the billing account"
    if emails > MAX_BUDGET_CHANNELS:
        return f"the first {MAX_BUDGET_CHANNELS} of {emails} e-mail addresses"
    return f"{emails} e-mail {'address' if emails == 1 else 'addresses'}"


def _dashboard_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.dashboards:
        reason = "spending is shown as a link to Cloud Billing; Cloud Monitoring has no metric for it"
        yield Adjustment("monitoring.dashboards", requested=True, effect=Effect.PARTIAL, reason=reason)
