"""Monitoring settings that AWS refuses or adjusts, and the numbers of budget and dashboard. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.alarms import Signal, alarm_rules, watches_permissions
from providers.contract.dashboard import dashboard_rows
from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.limits import query_log_adjustments
from providers.contract.span_limits import fixed_retention, untraced_runs
from providers.contract.spec import DatabaseSpec, ModelPrice, Platform
from providers.contract.tokens import counted_prices

BYTES_PER_GIB = 2**30
MAX_WIDGETS = 500
"""Quota of widgets on a CloudWatch dashboard."""
TOP_WIDGETS = 7
"""Widgets above the rows: the title, and lists of a hundred alarms each, as many as the largest dashboard needs."""
X_RAY_DAYS = 30
"""AWS X-Ray developer guide, "AWS X-Ray concepts"."""
REGIONS_WITHOUT_CHAT = ("cn-", "us-gov-")
"""Prefixes of regions without Amazon Q Developer in chat applications."""

MAX_METRICS_OF_ALARM = 10
"""Amazon CloudWatch user guide, "Limits that apply to alarms based on metric math expressions"."""


@dataclass(frozen=True)
class TokenKind:
    """Metric of one kind of token, and the first letters of its ids in metric math."""

    id: str
    metric: str

    def usd(self, price: ModelPrice) -> float:
        """Price of a million; no price list of the stack has one for writes to the cache, which count as input."""
        cached = price.input if price.cached is None else price.cached
        return {"out": price.output, "read": cached}.get(self.id, price.input)


CALLS = (TokenKind("in", "InputTokenCount"), TokenKind("out", "OutputTokenCount"))
CACHE = (TokenKind("read", "CacheReadInputTokenCount"), TokenKind("write", "CacheWriteInputTokenCount"))
MAX_MODELS = MAX_METRICS_OF_ALARM // len(CALLS)
MAX_MODELS_WITH_CACHE = MAX_METRICS_OF_ALARM // len((*CALLS, *CACHE))


def token_kinds(models: int) -> tuple[TokenKind, ...]:
    """Return the kinds of tokens that an alarm on a number of models can read."""
    return (*CALLS, *CACHE) if models <= MAX_MODELS_WITH_CACHE else CALLS


def database_sizes(database: DatabaseSpec, max_connections: int) -> dict[str, int]:
    """Denominators of percentages: the initial storage in bytes and the maximum number of connections."""
    return {"storage_bytes": database.storage_gib * BYTES_PER_GIB, "max_connections": max_connections}


def dollars(amount: float) -> str:
    """Return `800.00`, the format of AWS's cost services."""
    return f"{amount:.2f}"


def monitoring_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Slack in regions without it, dashboards above the quota of widgets, administrators of a Grafana, and too many prices."""
    return [*_slack_refusals(spec), *_dashboard_refusals(spec), *_grafana_refusals(spec), *token_refusals(spec)]


def monitoring_adjustments(spec: Platform) -> list[Adjustment]:
    """Settings that CloudWatch, Prometheus or the budget applies in part or not at all."""
    return [
        *_request_adjustments(spec),
        *_permission_adjustments(spec),
        *_storage_adjustments(spec),
        *_prometheus_adjustments(spec),
        *_budget_adjustments(spec),
        *fixed_retention(spec, "X-Ray", X_RAY_DAYS),
        *untraced_runs(spec),
        *uncounted_cache(spec),
        *query_log_adjustments(spec, "the access log of the load balancer"),
    ]


def _slack_refusals(spec: Platform) -> Iterator[Diagnostic]:
    region = spec.aws.region if spec.aws else ""
    if spec.monitoring.slack is not None and region.startswith(REGIONS_WITHOUT_CHAT):
        yield Unsupported(
            "aws",
            "monitoring.slack",
            problem=f"Amazon Q Developer in chat applications is not available in {region}",
            fix="remove it and use monitoring.emails",
        )


def _grafana_refusals(spec: Platform) -> Iterator[Diagnostic]:
    if spec.monitoring.grafana_admins:
        yield Unsupported(
            "aws",
            "monitoring.grafana_admins",
            problem="the dashboard is one of CloudWatch, and no managed Grafana is declared",
            fix="remove it",
        )


def _dashboard_refusals(spec: Platform) -> Iterator[Diagnostic]:
    widgets = TOP_WIDGETS + sum(1 + len(row.panels) for row in dashboard_rows(spec, alarm_rules(spec).of_cloud))
    if spec.monitoring.dashboards and widgets > MAX_WIDGETS:
        yield Unsupported(
            "aws",
            "monitoring.dashboards",
            problem=f"{len(spec.services)} services need {widgets} widgets, and a CloudWatch dashboard has {MAX_WIDGETS}",
            fix="set it to false or distribute the services over more stacks",
        )


def _request_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.slo is not None and not spec.public:
        reason = "no service has a path, so no requests are measured"
        yield Adjustment("monitoring.slo", spec.monitoring.slo.model_dump(), Effect.IGNORED, reason)
    if len(spec.public) > 1:
        reason = "errors that the load balancer returns itself are included; AWS counts them for all services together"
        yield Adjustment(
            "monitoring.alerts.error_percent", spec.monitoring.alerts.error_percent, Effect.ADJUSTED, reason
        )


def _permission_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if watches_permissions(spec):
        reason = (
            "fires where a CloudTrail trail of the account or organization records management events of all regions; the "
            "stack creates none, because each trail after the first is billed by event, and `audit --live` looks for one"
        )
        yield Adjustment("monitoring.alerts.permission_changes", requested=True, effect=Effect.PARTIAL, reason=reason)


def _storage_adjustments(spec: Platform) -> Iterator[Adjustment]:
    database = spec.database
    if database is not None and database.max_storage_gib > database.storage_gib:
        rule = next(rule for rule in alarm_rules(spec) if rule.signal is Signal.DATABASE_STORAGE_PERCENT)
        free_percent = 100 - rule.threshold
        reason = (
            f"the storage alarm fires below {database.storage_gib * free_percent / 100:g} GiB of free space "
            f"({free_percent:g} % of storage_gib), even after the storage has grown; CloudWatch reports free space, not size"
        )
        yield Adjustment("database.max_storage_gib", database.max_storage_gib, Effect.PARTIAL, reason)


def _prometheus_adjustments(spec: Platform) -> Iterator[Adjustment]:
    parts = [*(["database"] if spec.database else []), *(cache.key for cache in spec.all_caches)]
    if spec.monitoring.prometheus and parts:
        reason = f"only services are scraped; CloudWatch monitors {listed(parts, 'and')}"
        yield Adjustment("monitoring.prometheus", requested=True, effect=Effect.PARTIAL, reason=reason)


def _budget_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if spec.budget is not None:
        reason = (
            "the budget covers the whole AWS account: costs of one stack can only be separated in the management account "
            "of the organization, which activates the tag `stack` for cost allocation"
        )
        yield Adjustment("budget.monthly_usd", spec.budget.monthly_usd, Effect.ADJUSTED, reason)


def token_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse prices of more models than one alarm can add up."""
    models = len(counted_prices(spec))
    if models > MAX_MODELS:
        problem = f"an alarm of CloudWatch reads {MAX_METRICS_OF_ALARM} metrics, which are {MAX_MODELS} models, and {models} have a price"
        fix = f"list at most {MAX_MODELS} under aws.models, or remove cost.models"
        yield Unsupported("aws", "cost.models", problem, fix)


def uncounted_cache(spec: Platform) -> Iterator[Adjustment]:
    """Report that the cache is not counted with more models than an alarm can read in full."""
    prices = counted_prices(spec)
    if len(prices) > MAX_MODELS_WITH_CACHE:
        reason = (
            f"the alarm leaves out what the cache of Bedrock reads and writes: one alarm reads {MAX_METRICS_OF_ALARM} metrics, "
            f"which is enough for {MAX_MODELS_WITH_CACHE} models with it"
        )
        yield Adjustment("cost.models", list(prices), Effect.PARTIAL, reason)
