"""What each signal of the alarm rules is in Azure Monitor: a metric, or a question to the logs. Pure.

Alarms and the workbook read the same tables, so a graph shows what its alarm watches. A metric alert compares one number
with a threshold and cannot divide, so shares and percentiles are asked of Front Door's log; what fails a health check, or
the copying of the database's log, is counted in logs. Metrics in bytes or cores are held against the size of a copy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from providers.azure.naming import app_name, profile_name
from providers.azure.sizes import disk_gib
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.spec import Platform

GIB = 2**30
NANO = 10**9
WINDOWS_SECONDS = (60, 300, 900, 1800, 3600, 21600, 43200, 86400)
"""Windows of a metric alert: Azure Monitor API, `MetricAlertProperties.windowSize`."""
QUERY_MINUTES = 10
"""Window of a question to the logs: what Front Door writes arrives some minutes late."""
QUERY_PERIOD_MINUTES = 5
LEAST_REQUESTS = 10
"""Below so many requests a share says nothing."""

Limit = Callable[[Platform, AlarmRule, int], float]
"""The number that fires, of a rule and the connections that the database's server takes."""


@dataclass(frozen=True)
class AzureMetric:
    """One row: namespace and name of the metric, how a window becomes a number, and which number fires."""

    namespace: str
    name: str
    aggregation: str
    limit: Limit
    operator: str = "GreaterThan"


def _same(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold


def _cores(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].size.vcpu * NANO * rule.threshold / 100


def _memory(spec: Platform, rule: AlarmRule, _: int) -> float:
    return round(spec.services[rule.name].size.memory_gib * GIB * rule.threshold / 100)


def _copies(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].replicas.min - rule.threshold


def _disk(spec: Platform, rule: AlarmRule, _: int) -> float:
    """Of the disk that it may grow to; never of less than it has at first."""
    most = max(spec.database.max_storage_gib, disk_gib(spec.database)) if spec.database else 0
    return round(most * GIB * rule.threshold / 100)


def _connections(_: Platform, rule: AlarmRule, most: int) -> float:
    return most * rule.threshold / 100


APP, SERVER = "Microsoft.App/containerapps", "Microsoft.DBforPostgreSQL/flexibleServers"
CACHE, FRONT = "Microsoft.Cache/redisEnterprise", "Microsoft.Cdn/profiles"

METRICS: Mapping[Signal, AzureMetric] = {
    Signal.CPU_PERCENT: AzureMetric(APP, "UsageNanoCores", "Average", _cores),
    Signal.MEMORY_PERCENT: AzureMetric(APP, "WorkingSetBytes", "Average", _memory),
    Signal.MISSING_REPLICAS: AzureMetric(APP, "Replicas", "Maximum", _copies, "LessThan"),
    Signal.DATABASE_FAILED_CONNECTIONS: AzureMetric(SERVER, "connections_failed", "Total", _same),
    Signal.DATABASE_CPU_PERCENT: AzureMetric(SERVER, "cpu_percent", "Average", _same),
    # the disk grows by itself, so its own percentage says little: what is used is held against the limit of growth
    Signal.DATABASE_STORAGE_PERCENT: AzureMetric(SERVER, "storage_used", "Maximum", _disk),
    Signal.DATABASE_CONNECTIONS_PERCENT: AzureMetric(SERVER, "active_connections", "Average", _connections),
    Signal.CACHE_MEMORY_PERCENT: AzureMetric(CACHE, "usedmemorypercentage", "Average", _same),
    Signal.CACHE_EVICTIONS: AzureMetric(CACHE, "evictedkeys", "Total", _same),
}
"""Microsoft Learn, "Supported metrics with Azure Monitor"."""


def window_seconds(rule: AlarmRule) -> int:
    """The shortest window of a metric alert that holds all periods of a rule."""
    return next(window for window in WINDOWS_SECONDS if window >= rule.period_seconds * rule.periods)


def frequency_seconds(window: int) -> int:
    """How often a metric alert is asked; a window of a minute is asked every minute, like the others."""
    return 60 if window <= 3600 else 300


def duration(seconds: int) -> str:
    """`PT5M`, `PT1H`, `P1D`: seconds as Azure Monitor writes them."""
    if seconds % 86400 == 0:
        return f"P{seconds // 86400}D"
    return f"PT{seconds // 3600}H" if seconds % 3600 == 0 else f"PT{seconds // 60}M"


def front_log(stack: str) -> str:
    """Every request that Front Door answered: Microsoft Learn, "Azure Front Door logs", access log."""
    return (
        f'AzureDiagnostics | where Category == "FrontDoorAccessLog" and Resource =~ "{profile_name(stack)}" '
        '| extend route = tostring(column_ifexists("routingRuleName_s", "")), '
        'status = toint(column_ifexists("httpStatusCode_s", "")), '
        'seconds = todouble(column_ifexists("timeToFirstByte_s", ""))'
    )


def _error_share(stack: str, rule: AlarmRule) -> str:
    return (
        f'{front_log(stack)} | where route =~ "{rule.name}" | summarize requests = count(), errors = countif(status >= 500) '
        f"| where requests >= {LEAST_REQUESTS} | project value = 100.0 * errors / requests"
    )


def _latency(stack: str, rule: AlarmRule) -> str:
    """To the first byte: an agent streams, and goes on answering for as long as it thinks."""
    return (
        f'{front_log(stack)} | where route =~ "{rule.name}" | summarize requests = count(), p95 = percentile(seconds, 95) '
        f"| where requests >= {LEAST_REQUESTS} | project value = p95"
    )


def _unhealthy(stack: str, rule: AlarmRule) -> str:
    """Failed checks of copies that had started; one that starts has a probe and a deadline of its own."""
    return (
        f'ContainerAppSystemLogs | where ContainerAppName == "{app_name(stack, rule.name)}" '
        '| where Reason in ("ProbeFailed", "ReplicaUnhealthy") and Log !has "startup" | summarize value = todouble(count())'
    )


def _backup(_: str, __: AlarmRule) -> str:
    return (
        'PGSQLServerLogs | where Message has_any ("archive command failed", "archiving write-ahead log file") '
        "| summarize value = todouble(count())"
    )


QUERIES: Mapping[Signal, Callable[[str, AlarmRule], str]] = {
    Signal.ERROR_PERCENT: _error_share,
    Signal.LATENCY_P95_SECONDS: _latency,
    Signal.UNHEALTHY_REPLICAS: _unhealthy,
    Signal.DATABASE_BACKUP_FAILED: _backup,
}
"""What is asked of the logs for a rule of the stack: one row with one number, `value`."""


def query_minutes(rule: AlarmRule) -> int:
    """Window of a question: the rule's time, and never less than the logs need to arrive."""
    return max(QUERY_MINUTES, rule.period_seconds * rule.periods // 60)


def burn_query(stack: str, percent: float, short_seconds: int) -> str:
    """Failing share of all requests in both windows of a pair; the less of the two, so that both must be above."""
    share = "100.0 * countif({0}) / max_of(countif({1}), 1)"
    recent = f"TimeGenerated > ago({short_seconds}s)"
    long = share.format("status >= 500", "true")
    short = share.format(f"status >= 500 and {recent}", recent)
    return (
        f"{front_log(stack)} | where isnotempty(route) | summarize requests = count(), long = {long}, short = {short} "
        f"| where requests >= {LEAST_REQUESTS} | project value = min_of(long, short) | where value >= {percent:g}"
    )
