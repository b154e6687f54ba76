"""Content of the dashboard, the same on every cloud: a row for each service, the parts of the platform, each job and cost.

A panel shows the metric of an alarm rule with its threshold as a line, or one of two metrics without an alarm. Each cloud
renders the panels in its own format.
"""

from dataclasses import dataclass
from enum import StrEnum

from providers.contract.alarms import AlarmRule, AlarmRules, Signal
from providers.contract.spec import Platform


class GraphOnlyMetric(StrEnum):
    """Metric that is shown without an alarm."""

    REQUESTS = "requests"
    SPENDING = "spending"


TITLES: dict[Signal | GraphOnlyMetric, tuple[str, str]] = {
    GraphOnlyMetric.REQUESTS: ("Requests", "per minute"),
    GraphOnlyMetric.SPENDING: ("Spending this month", "US dollars"),
    Signal.CPU_PERCENT: ("CPU", "percent"),
    Signal.MEMORY_PERCENT: ("Memory", "percent"),
    Signal.ERROR_PERCENT: ("Errors (5xx)", "percent"),
    Signal.LATENCY_P95_SECONDS: ("Latency, 95th percentile", "seconds"),
    Signal.UNHEALTHY_REPLICAS: ("Unhealthy replicas", "replicas"),
    Signal.MISSING_REPLICAS: ("Missing replicas", "replicas"),
    Signal.DATABASE_FAILED_CONNECTIONS: ("Failed connections", "connections"),
    Signal.DATABASE_CPU_PERCENT: ("CPU", "percent"),
    Signal.DATABASE_STORAGE_PERCENT: ("Disk", "percent"),
    Signal.DATABASE_CONNECTIONS_PERCENT: ("Connections", "percent"),
    Signal.DATABASE_BACKUP_FAILED: ("Backups", "backups"),
    Signal.COPIES_DATABASE_FAILED: ("Backups that were not copied", "backups"),
    Signal.COPIES_DATABASE_MISSING: ("Backups in the standby region", "backups"),
    Signal.COPIES_OBJECTS_FAILED: ("Objects that were not copied", "objects"),
    Signal.COPIES_OBJECTS_LAG_SECONDS: ("Delay of copies", "seconds"),
    Signal.DATABASE_BACKUP_AGE_SECONDS: ("Age of the last restored backup", "seconds"),
    Signal.DATABASE_DRILL_LEFTOVERS: ("Databases left by restore drills", "databases"),
    Signal.DATABASE_REPLICA_LAG_SECONDS: ("Delay of the replica", "seconds"),
    Signal.CACHE_MEMORY_PERCENT: ("Memory", "percent"),
    Signal.CACHE_EVICTIONS: ("Evictions", "entries"),
    Signal.BLOCKED_PERCENT: ("Blocked requests", "percent"),
    Signal.PERMISSION_CHANGES: ("Changes of permissions", "changes"),
    Signal.DENIED_FLOWS: ("Denied connections", "connections"),
    Signal.JOB_FAILED: ("Failed runs", "runs"),
    Signal.JOB_MISSED: ("Successful runs", "runs"),
    Signal.COST_USD_PER_HOUR: ("Cost of tokens in an hour", "US dollars"),
    Signal.COST_USD_PER_DAY: ("Cost of tokens in 24 hours", "US dollars"),
    Signal.TOKENS_WITHOUT_PRICE: ("Tokens without a price", "tokens"),
}
"""Title and unit of a panel by its metric."""


@dataclass(frozen=True)
class Panel:
    """Graph of one metric over periods of `period_seconds`, with a line at `threshold` unless that is None."""

    shows: Signal | GraphOnlyMetric
    period_seconds: int
    threshold: float | None

    @property
    def title(self) -> str:
        """Title of the panel."""
        return TITLES[self.shows][0]

    @property
    def unit(self) -> str:
        """Unit of the axis."""
        return TITLES[self.shows][1]


@dataclass(frozen=True)
class DashboardRow:
    """Panels of one service, one part of the platform, one job or cost."""

    name: str
    panels: tuple[Panel, ...]


REQUESTS = Panel(GraphOnlyMetric.REQUESTS, 60, None)
SPENDING_PERIOD_SECONDS = 6 * 3600
"""Clouds update cost data a few times a day."""


def dashboard_rows(spec: Platform, rules: AlarmRules) -> tuple[DashboardRow, ...]:
    """Every row of the dashboard: services in the order of the file, parts of the platform, jobs, cost."""
    subjects = dict.fromkeys((rule.subject, rule.name) for rule in rules)
    rows = [
        _row(name, [rule for rule in rules if (rule.subject, rule.name) == (kind, name)]) for kind, name in subjects
    ]
    limit = spec.budget.monthly_usd if spec.budget else None
    return (*rows, DashboardRow("money", (Panel(GraphOnlyMetric.SPENDING, SPENDING_PERIOD_SECONDS, limit),)))


def _line(rule: AlarmRule) -> float | None:
    """Threshold to draw; the alarm on missing successes has none, because it fires when there are too few."""
    return None if rule.signal is Signal.JOB_MISSED else rule.threshold


def _row(name: str, rules: list[AlarmRule]) -> DashboardRow:
    panels = [Panel(rule.signal, rule.period_seconds, _line(rule)) for rule in rules]
    routed = any(rule.signal == Signal.ERROR_PERCENT for rule in rules)
    return DashboardRow(name, (REQUESTS, *panels) if routed else tuple(panels))
