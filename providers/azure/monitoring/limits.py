"""What Azure Monitor cannot do, or does in its own way, and what it must be told beside the spec. Pure."""

from collections.abc import Iterator

from providers.azure.monitoring.metrics import METRICS, QUERY_MINUTES, window_seconds
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_error
from providers.contract.spec import Platform

SLACK_SECRET = "SLACK_WEBHOOK_URL"  # noqa: S105  # a name, not a value
LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS = 30, 730
"""Bounds of a workspace's interactive retention: Microsoft Learn, "Manage data retention in a Log Analytics workspace"."""


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """Secrets that the stack must hold beside those that services list."""
    return (SLACK_SECRET,) if spec.monitoring.slack is not None else ()


def retention_days(spec: Platform) -> int:
    """Days that a workspace keeps its logs."""
    return min(max(spec.monitoring.log_retention_days, LEAST_RETENTION_DAYS), MOST_RETENTION_DAYS)


def budget_start(spec: Platform) -> str:
    """First moment of the month that the budget counts from."""
    month = spec.azure.budget_start if spec.azure else None
    return f"{month}-01T00:00:00Z"


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A budget that does not know when it begins."""
    if spec.budget is None or spec.azure is None or spec.azure.budget_start is not None:
        return []
    advice = (
        "must be the month in which the budget is first made, such as 2026-12: Azure takes the current month or one of "
        "the next twelve, and never lets it change"
    )
    return [legacy_error("azure.budget_start", None, advice)]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Days, windows and receivers that Azure honours in its own way."""
    return [*_retention(spec), *_windows(spec), *_backups(spec), *_slack(spec), *_money(spec)]


def _retention(spec: Platform) -> Iterator[Adjustment]:
    days = spec.monitoring.log_retention_days
    if retention_days(spec) != days:
        given = f"{retention_days(spec)}: a workspace keeps logs {LEAST_RETENTION_DAYS} to {MOST_RETENTION_DAYS} days"
        yield legacy_adjustment("monitoring.log_retention_days", days, given)


def _windows(spec: Platform) -> Iterator[Adjustment]:
    """One line for each threshold that is watched over another time than the rule's."""
    alerts = spec.monitoring.alerts
    watched = {
        Signal.MEMORY_PERCENT: ("memory_percent", alerts.memory_percent),
        Signal.ERROR_PERCENT: ("error_percent", alerts.error_percent),
        Signal.LATENCY_P95_SECONDS: ("latency_p95_seconds", alerts.latency_p95_seconds),
    }
    rules = {rule.signal: rule for rule in alarm_rules(spec)}
    for signal, (key, threshold) in watched.items():
        if signal not in rules:
            continue
        if signal in METRICS:
            minutes = window_seconds(rules[signal]) // 60
            given = f"the average of {minutes} minutes: an alert rule has no window of 3"
        else:
            given = (
                f"a question to Front Door's log every 5 minutes, over the last {QUERY_MINUTES}: lines arrive late, and "
                "no metric has it for one service"
            )
        yield legacy_adjustment(f"monitoring.alerts.{key}", threshold, given)


def _backups(spec: Platform) -> Iterator[Adjustment]:
    if spec.database is not None:
        days = spec.database.backup.retention_days
        given = (
            f"{days} days, with an alarm on copies of the log that fail: Azure tells nobody of a daily backup that did"
        )
        yield legacy_adjustment("database.backup.retention_days", days, given)


def _slack(spec: Platform) -> Iterator[Adjustment]:
    slack = spec.monitoring.slack
    if slack is not None:
        given = (
            f"a workflow that posts to the webhook in the secret agent-platform:{SLACK_SECRET}, which Slack makes for "
            f"channel {slack.channel} of workspace {slack.workspace}"
        )
        yield legacy_adjustment("monitoring.slack", slack.model_dump(), given)


def _money(spec: Platform) -> Iterator[Adjustment]:
    if spec.budget is not None:
        given = f"{spec.budget.monthly_usd:g} in the currency that the subscription is billed in"
        yield legacy_adjustment("budget.monthly_usd", spec.budget.monthly_usd, given)
    if spec.monitoring.dashboards:
        given = "a workbook whose row about money is a link: Azure Monitor has no metric of what is spent"
        yield legacy_adjustment("monitoring.dashboards", True, given)
