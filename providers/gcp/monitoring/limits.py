"""What Cloud Monitoring and Cloud Logging cannot do, or do in their own way. Pure."""

from collections.abc import Iterator
from math import floor

from providers.contract.alarms import BurnRate
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_unsupported
from providers.contract.spec import Platform

MOST_AVAILABILITY_PERCENT = 99.9
"""Highest goal of an SLO: the provider's `monitoring.Slo`, `goal`."""
BUDGET_CHANNELS = 5
"""Channels that one budget tells, e-mail only: Cloud Billing, "Customize budget alert email recipients"."""
BELOW_TOTAL = 0.99
"""Share of a total outage's burn rate that already counts as one."""
DEFAULT_RETENTION_DAYS = 30
"""Days that the project's own `_Default` bucket keeps a second copy of every log."""


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Promises that Cloud Monitoring does not take."""
    slo = spec.monitoring.slo
    if slo is None or slo.availability_percent <= MOST_AVAILABILITY_PERCENT:
        return []
    advice = f"an SLO of Cloud Monitoring promises at most {MOST_AVAILABILITY_PERCENT:g}; promise that or less"
    return [legacy_unsupported("gcp", "monitoring.slo.availability_percent", slo.availability_percent, advice)]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Receivers and times that Google Cloud honours in its own way."""
    return [*_logs(spec), *_slack(spec), *_budget(spec), *_unwatched(spec)]


def _logs(spec: Platform) -> Iterator[Adjustment]:
    days = spec.monitoring.log_retention_days
    if days < DEFAULT_RETENTION_DAYS:
        given = (
            f"{days} days in the platform's own log bucket, and {DEFAULT_RETENTION_DAYS} in the `_Default` bucket of the "
            "project, which belongs to everything in it"
        )
        yield legacy_adjustment("monitoring.log_retention_days", days, given)


def _slack(spec: Platform) -> Iterator[Adjustment]:
    slack = spec.monitoring.slack
    if slack is not None:
        given = (
            f"the notification channel named {slack_channel(spec)}: Slack lets it be made in the console alone, once, "
            "under that display name"
        )
        yield legacy_adjustment("monitoring.slack", slack.model_dump(), given)


def burn_limit(rate: BurnRate, percent: float) -> float:
    """Burn rate above which a pair of windows fires: its factor, or nearly what a total outage makes if that is less.

    An alarm fires above its number and never at it, so a budget of a tenth, which no outage burns more than ten times
    too fast, must not be asked for more.
    """
    return min(rate.factor, round(BELOW_TOTAL * 100 / (100 - percent), 4))


def money(usd: float) -> tuple[int, int]:
    """Whole dollars, and the rest in billionths of one: Cloud Billing API, `Money`."""
    return floor(usd), round((usd - floor(usd)) * 100) * 10**7


def slack_channel(spec: Platform) -> str:
    """Display name of the Slack channel that was authorised by hand; empty without one."""
    slack = spec.monitoring.slack
    return f"{slack.workspace}/{slack.channel}" if slack else ""


def _budget(spec: Platform) -> Iterator[Adjustment]:
    if spec.budget is None:
        return
    told = min(len(spec.monitoring.emails), BUDGET_CHANNELS)
    if spec.monitoring.slack is not None or len(spec.monitoring.emails) > BUDGET_CHANNELS:
        given = (
            f"an alarm to {told} of the e-mail addresses: a budget tells no other channel and {BUDGET_CHANNELS} at most"
        )
        yield legacy_adjustment("budget.monthly_usd", spec.budget.monthly_usd, given)


def _unwatched(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.dashboards:
        given = (
            "a dashboard whose row about money is a note with a link: Cloud Monitoring has no metric of what is spent"
        )
        yield legacy_adjustment("monitoring.dashboards", True, given)
