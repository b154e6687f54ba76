"""What a dashboard shows, for every cloud: a row for each service, the database, the cache and money.

A panel is drawn from a signal of the alarm rules, by the same metric the alarm watches and with its threshold as a
line, or from one of two measures that nobody is woken for. Clouds draw panels; what stands on them is decided here.
"""

from dataclasses import dataclass
from enum import StrEnum

from providers.contract.alarms import AlarmRule, AlarmRules, Signal
from providers.contract.spec import Platform


class GraphOnlyMetric(StrEnum):
    """What is drawn without being watched by an alarm."""

    REQUESTS = "requests"
    SPENDING = "spending"


TITLES: dict[Signal | GraphOnlyMetric, tuple[str, str]] = {
    GraphOnlyMetric.REQUESTS: ("Requests", "per minute"),
    GraphOnlyMetric.SPENDING: ("Spending this month", "US dollars"),
    Signal.CPU_PERCENT: ("CPU", "percent"),
    Signal.MEMORY_PERCENT: ("Memory", "percent"),
    Signal.ERROR_PERCENT: ("Errors (5xx)", "percent"),
    Signal.LATENCY_P95_SECONDS: ("Latency, 95th percentile", "seconds"),
    Signal.UNHEALTHY_REPLICAS: ("Unhealthy copies", "copies"),
    Signal.MISSING_REPLICAS: ("Missing copies", "copies"),
    Signal.DATABASE_FAILED_CONNECTIONS: ("Failed connections", "connections"),
    Signal.DATABASE_CPU_PERCENT: ("CPU", "percent"),
    Signal.DATABASE_STORAGE_PERCENT: ("Disk", "percent"),
    Signal.DATABASE_CONNECTIONS_PERCENT: ("Connections", "percent"),
    Signal.DATABASE_BACKUP_FAILED: ("Backups", "backups"),
    Signal.CACHE_MEMORY_PERCENT: ("Memory", "percent"),
    Signal.CACHE_EVICTIONS: ("Evictions", "entries"),
}
"""Title and unit of a panel, by what it shows."""


@dataclass(frozen=True)
class Panel:
    """One graph: what it shows, over periods of `period_seconds`, with a line at `threshold` where there is one."""

    shows: Signal | GraphOnlyMetric
    period_seconds: int
    threshold: float | None

    @property
    def title(self) -> str:
        """What stands above it."""
        return TITLES[self.shows][0]

    @property
    def unit(self) -> str:
        """What its axis counts."""
        return TITLES[self.shows][1]


@dataclass(frozen=True)
class DashboardRow:
    """The panels of one subject, beneath its name."""

    name: str
    panels: tuple[Panel, ...]


REQUESTS = Panel(GraphOnlyMetric.REQUESTS, 60, None)
SPENDING_PERIOD_SECONDS = 6 * 3600
"""Clouds reckon costs a few times a day."""


def dashboard_rows(spec: Platform, rules: AlarmRules) -> tuple[DashboardRow, ...]:
    """Every row of the platform's dashboard: services in the order of the file, database, cache, money."""
    subjects = dict.fromkeys((rule.subject, rule.name) for rule in rules)
    rows = [
        _row(name, [rule for rule in rules if (rule.subject, rule.name) == (kind, name)]) for kind, name in subjects
    ]
    limit = spec.budget.monthly_usd if spec.budget else None
    return (*rows, DashboardRow("money", (Panel(GraphOnlyMetric.SPENDING, SPENDING_PERIOD_SECONDS, limit),)))


def _row(name: str, rules: list[AlarmRule]) -> DashboardRow:
    panels = [Panel(rule.signal, rule.period_seconds, rule.threshold) for rule in rules]
    routed = any(rule.signal == Signal.ERROR_PERCENT for rule in rules)
    return DashboardRow(name, (REQUESTS, *panels) if routed else tuple(panels))
