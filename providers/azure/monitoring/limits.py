"""Settings of the monitoring that Azure Monitor refuses or adjusts, and the secrets that it needs. Pure."""

from collections.abc import Iterator

from providers.azure.entry.limits import entry_brand, has_gateway
from providers.azure.monitoring.metrics import (
    GATEWAY_METRICS,
    METRICS,
    QUERY_INTERVAL_MINUTES,
    query_minutes,
    window_seconds,
)
from providers.contract.alarms import DEFINITIONS, Signal
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect
from providers.contract.limits import denied_flow_adjustments, query_log_adjustments
from providers.contract.span_limits import untraced_runs
from providers.contract.spans import unprocessed_content
from providers.contract.spec import Platform
from providers.contract.tokens import counted_prices

SLACK_SECRET = "SLACK_WEBHOOK_URL"  # noqa: S105  # a name, not a value
MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 30, 730
"""Bounds of a workspace's interactive retention: Microsoft Learn, "Manage data retention in a Log Analytics workspace"."""
THRESHOLD_KEYS = {
    Signal.MEMORY_PERCENT: "memory_percent",
    Signal.ERROR_PERCENT: "error_percent",
    Signal.LATENCY_P95_SECONDS: "latency_p95_seconds",
}
"""Keys under `monitoring.alerts` of the signals that are evaluated over another window than the rule's."""
UNSURE_FLOWS = (
    "Microsoft's pages disagree on whether flow logs record Container Apps: connect from a service to a port that is not open, "
    "and see whether the alarm fires; traffic analytics writes flows every 10 minutes"
)
"""Microsoft Learn: "Virtual network flow logs" does not list Container Apps as incompatible, the training on network monitoring does."""
GATEWAY_AVERAGE = (
    "compared with the average time to the first byte, as Application Gateway logs that to the end of a stream only,"
)


def stack_secrets(spec: Platform) -> tuple[str, ...]:
    """Return the secrets that the stack must set beside those that services list."""
    return (SLACK_SECRET,) if spec.monitoring.slack is not None else ()


def retention_days(spec: Platform) -> int:
    """Return the days that the workspace keeps its logs."""
    return min(max(spec.monitoring.log_retention_days, MIN_RETENTION_DAYS), MAX_RETENTION_DAYS)


def budget_start(spec: Platform) -> str:
    """Return the start of the month in which the budget begins."""
    month = spec.azure.budget_start if spec.azure else None
    return f"{month}-01T00:00:00Z"


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A budget without a start month."""
    if spec.budget is None or spec.azure is None or spec.azure.budget_start is not None:
        return []
    return [
        ConfigError(
            "azure.budget_start",
            problem="a budget requires its first month, which Azure never lets change",
            fix="set it to the current month or one of the next twelve, such as 2026-12",
        )
    ]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Retention, windows, receivers and currency that differ on Azure, and a Grafana without users."""
    return [
        *_adjusted_retention(spec),
        *_adjusted_windows(spec),
        *_adjusted_objective(spec),
        *_adjusted_backup_alarm(spec),
        *_adjusted_slack(spec),
        *_adjusted_budget(spec),
        *_grafana_access(spec),
        *_traced_by_agent(spec),
        *unprocessed_content(spec),
        *untraced_runs(spec),
        *token_price_adjustments(spec),
        *denied_flow_adjustments(spec, Effect.PARTIAL, UNSURE_FLOWS),
        *(query_log_adjustments(spec, "the access log of Application Gateway") if has_gateway(spec) else ()),
    ]


def _adjusted_retention(spec: Platform) -> Iterator[Adjustment]:
    days = spec.monitoring.log_retention_days
    if retention_days(spec) != days:
        reason = f"{retention_days(spec)} days; a workspace keeps logs for {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS}"
        yield Adjustment("monitoring.log_retention_days", days, Effect.ADJUSTED, reason)


def _adjusted_windows(spec: Platform) -> Iterator[Adjustment]:
    """Thresholds that are compared over another window than the rule's."""
    thresholds = spec.monitoring.alerts
    for definition in DEFINITIONS:
        key = THRESHOLD_KEYS.get(definition.signal)
        if key is None or not any(definition.applies(spec, name) for name in spec.services):
            continue
        if has_gateway(spec) and definition.signal in GATEWAY_METRICS:
            reason = f"{GATEWAY_AVERAGE} over {window_seconds(definition) // 60} minutes"
        elif definition.signal in METRICS:
            minutes, rule_minutes = (
                window_seconds(definition) // 60,
                definition.period_seconds * definition.periods // 60,
            )
            reason = f"compared with the average of {minutes} minutes; metric alerts have no window of {rule_minutes}"
        else:
            reason = (
                f"queried from the log of {entry_brand(spec)} every {QUERY_INTERVAL_MINUTES} minutes over the last "
                f"{query_minutes(definition)}, because no metric exists per service and log entries are delayed"
            )
        threshold = definition.threshold(thresholds)
        yield Adjustment(f"monitoring.alerts.{key}", threshold, Effect.ADJUSTED, reason)


def _adjusted_objective(spec: Platform) -> Iterator[Adjustment]:
    slo = spec.monitoring.slo
    if slo is not None and has_gateway(spec):
        key = "monitoring.slo.latency_p95_seconds"
        yield Adjustment(key, slo.latency_p95_seconds, Effect.ADJUSTED, f"{GATEWAY_AVERAGE} over an hour")


def _adjusted_backup_alarm(spec: Platform) -> Iterator[Adjustment]:
    if spec.database is not None:
        days = spec.database.backup.retention_days
        reason = (
            f"{days} days; the alarm covers failed WAL archiving only, Azure emits no event for a failed daily backup"
        )
        yield Adjustment("database.backup.retention_days", days, Effect.PARTIAL, reason)


def _adjusted_slack(spec: Platform) -> Iterator[Adjustment]:
    slack = spec.monitoring.slack
    if slack is not None:
        reason = (
            f"a Logic Apps workflow posts to the webhook in the secret agent-platform:{SLACK_SECRET}, which Slack creates "
            f"for channel {slack.channel} of workspace {slack.workspace}"
        )
        yield Adjustment("monitoring.slack", slack.model_dump(), Effect.ADJUSTED, reason)


def _grafana_access(spec: Platform) -> Iterator[Adjustment]:
    """Grafana without a user, and users without Grafana."""
    admins = list(spec.monitoring.grafana_admins)
    if admins and not spec.monitoring.prometheus:
        reason = "only monitoring.prometheus creates a managed Grafana"
        yield Adjustment("monitoring.grafana_admins", admins, Effect.IGNORED, reason)
    elif spec.monitoring.prometheus and not admins:
        reason = (
            "nobody can sign in to the managed Grafana until it has a user with a Grafana role; list object ids of Entra "
            "users or groups (az ad signed-in-user show --query id)"
        )
        yield Adjustment("monitoring.grafana_admins", admins, Effect.PARTIAL, reason)


def _adjusted_budget(spec: Platform) -> Iterator[Adjustment]:
    if spec.budget is not None:
        reason = f"{spec.budget.monthly_usd:g} in the billing currency of the subscription"
        yield Adjustment("budget.monthly_usd", spec.budget.monthly_usd, Effect.ADJUSTED, reason)
    if spec.monitoring.dashboards:
        reason = "the spending row of the workbook is a link to Cost Management; Azure Monitor has no metric of costs"
        yield Adjustment("monitoring.dashboards", True, Effect.PARTIAL, reason)


def token_price_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Prices that the alarm on the account of the models cannot tell apart."""
    prices = counted_prices(spec)
    if len(prices) > 1:
        reason = "the exported metrics name no model, so all tokens count at the highest of the prices"
        yield Adjustment("cost.models", list(prices), Effect.PARTIAL, reason)
    cached = [name for name, price in prices.items() if price.cached is not None]
    if cached:
        reason = "Azure does not count cached input apart, so it counts at the price of input"
        yield Adjustment("cost.models", cached, Effect.PARTIAL, reason)


def _traced_by_agent(spec: Platform) -> Iterator[Adjustment]:
    tracing = spec.monitoring.tracing
    if tracing is not None:
        reason = (
            "the agent of Container Apps takes spans over gRPC only, so images need `opentelemetry-exporter-otlp-proto-grpc`; the "
            "agent is a preview of Azure"
        )
        yield Adjustment("monitoring.tracing", tracing.model_dump(), Effect.ADJUSTED, reason)
