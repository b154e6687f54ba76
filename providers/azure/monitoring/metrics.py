"""Azure Monitor metric or log query of each signal of the alarm rules. Pure.

Alarms and the workbook use the same tables, so a graph shows the values of its alarm. A metric alert compares one
number with a threshold and cannot divide, so shares and percentiles are queried from the entry's log; failed health
checks and failed WAL archiving are counted in logs. The log of Application Gateway has the time until the end of a stream and not
that until its first byte, of which a metric has the average. Metrics in bytes or cores are compared with the size of a replica.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from providers.azure.context import AzureContext
from providers.azure.database.sizes import disk_gib
from providers.azure.entry.limits import has_gateway
from providers.azure.naming import app_name, gateway_name, profile_name
from providers.contract.alarms import MIN_JUDGED_REQUESTS, AlarmRule, RuleDefinition, Signal
from providers.contract.spec import ModelPrice, Platform

GIB = 2**30
NANO = 10**9
WINDOWS_SECONDS = (60, 300, 900, 1800, 3600, 21600, 43200, 86400)
"""Windows of a metric alert: Azure Monitor API, `MetricAlertProperties.windowSize`."""
MIN_QUERY_MINUTES = 10
"""Window of a log query, because Front Door's log has an ingestion delay of some minutes."""
QUERY_INTERVAL_MINUTES = 5
MIN_REQUESTS = 10
"""Requests below which a share is not significant."""

Limit = Callable[[Platform, AlarmRule, int], float]
"""Threshold of a rule in the unit of its metric; the number is the server's maximum connections."""


@dataclass(frozen=True)
class AzureMetric:
    """Metric of a signal, its aggregation over a window, and the threshold in its unit."""

    namespace: str
    name: str
    aggregation: str
    limit: Limit
    operator: str = "GreaterThan"
    dimension: str | None = None
    """Dimension of a metric of the entry that has the service; None for a metric of the service itself."""


def _same(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold


def _nanocores(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].size.vcpu * NANO * rule.threshold / 100


def _memory_bytes(spec: Platform, rule: AlarmRule, _: int) -> float:
    return round(spec.services[rule.name].size.memory_gib * GIB * rule.threshold / 100)


def _replicas(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].replicas.min - rule.threshold


def _storage_bytes(spec: Platform, rule: AlarmRule, _: int) -> float:
    """Share of the maximum size of the disk, which is at least its initial size."""
    max_gib = max(spec.database.max_storage_gib, disk_gib(spec.database)) if spec.database else 0
    return round(max_gib * GIB * rule.threshold / 100)


def _connections(_: Platform, rule: AlarmRule, max_connections: int) -> float:
    return max_connections * rule.threshold / 100


def _milliseconds(_: Platform, rule: AlarmRule, __: int) -> float:
    return round(rule.threshold * 1000)


REPLICA_DELAY = "physical_replication_delay_in_seconds"
APP, SERVER = "Microsoft.App/containerapps", "Microsoft.DBforPostgreSQL/flexibleServers"
CACHE, FRONT_DOOR = "Microsoft.Cache/redisEnterprise", "Microsoft.Cdn/profiles"
GATEWAY, FIRST_BYTE = "Microsoft.Network/applicationGateways", "BackendFirstByteResponseTime"

METRICS: Mapping[Signal, AzureMetric] = {
    Signal.CPU_PERCENT: AzureMetric(APP, "UsageNanoCores", "Average", _nanocores),
    Signal.MEMORY_PERCENT: AzureMetric(APP, "WorkingSetBytes", "Average", _memory_bytes),
    Signal.MISSING_REPLICAS: AzureMetric(APP, "Replicas", "Maximum", _replicas, "LessThan"),
    Signal.DATABASE_FAILED_CONNECTIONS: AzureMetric(SERVER, "connections_failed", "Total", _same),
    Signal.DATABASE_CPU_PERCENT: AzureMetric(SERVER, "cpu_percent", "Average", _same),
    # not storage_percent, which refers to the current size: the disk grows automatically
    Signal.DATABASE_STORAGE_PERCENT: AzureMetric(SERVER, "storage_used", "Maximum", _storage_bytes),
    Signal.DATABASE_CONNECTIONS_PERCENT: AzureMetric(SERVER, "active_connections", "Average", _connections),
    Signal.CACHE_MEMORY_PERCENT: AzureMetric(CACHE, "usedmemorypercentage", "Average", _same),
    Signal.CACHE_EVICTIONS: AzureMetric(CACHE, "evictedkeys", "Total", _same),
}
"""Microsoft Learn, "Supported metrics with Azure Monitor"."""
GATEWAY_METRICS: Mapping[Signal, AzureMetric] = {
    Signal.LATENCY_P95_SECONDS: AzureMetric(GATEWAY, FIRST_BYTE, "Average", _milliseconds, dimension="BackendPool"),
}
"""Metrics where Application Gateway is the entry, in place of queries: Microsoft Learn, "Azure Application Gateway monitoring data
reference"."""


def metrics_of(spec: Platform) -> Mapping[Signal, AzureMetric]:
    """Return the metrics of a platform's signals."""
    return {**METRICS, **GATEWAY_METRICS} if has_gateway(spec) else METRICS


def window_seconds(rule: AlarmRule | RuleDefinition) -> int:
    """Return the shortest window of a metric alert that covers all periods of a rule."""
    return next(window for window in WINDOWS_SECONDS if window >= rule.period_seconds * rule.periods)


def frequency_seconds(window: int) -> int:
    """Return the evaluation frequency of a metric alert: every minute up to a window of an hour, else 5 minutes."""
    return 60 if window <= 3600 else 300


def iso_duration(seconds: int) -> str:
    """Return seconds in ISO 8601 format: `PT5M`, `PT1H`, `P1D`."""
    if seconds % 86400 == 0:
        return f"P{seconds // 86400}D"
    return f"PT{seconds // 3600}H" if seconds % 3600 == 0 else f"PT{seconds // 60}M"


def access_log(context: AzureContext) -> str:
    """Return the query of the entry's access log with the columns `route` and `status`, and `seconds` of Front Door."""
    if has_gateway(context.spec):
        return (
            f'AzureDiagnostics | where Category == "ApplicationGatewayAccessLog" and Resource =~ "{gateway_name(context.stack)}" '
            '| extend path = tostring(column_ifexists("requestUri_s", "")), '
            f'status = toint(column_ifexists("httpStatus_d", real(null))) | extend route = {_route(context.spec)}'
        )
    return (
        f'AzureDiagnostics | where Category == "FrontDoorAccessLog" and Resource =~ "{profile_name(context.stack)}" '
        '| extend route = tostring(column_ifexists("routingRuleName_s", "")), '
        'status = toint(column_ifexists("httpStatusCode_s", "")), '
        'seconds = todouble(column_ifexists("timeToFirstByte_s", ""))'
    )


def _route(spec: Platform) -> str:
    """Return the expression of the service that a path belongs to, longest path first; empty for a path of none."""
    cases, default = list[str](), ""
    for name, service in spec.public.items():
        prefix = (service.path or "").rstrip("/")
        if prefix:
            cases.append(f'path =~ "{prefix}" or path startswith "{prefix}/", "{name}"')
        else:
            default = name
    return f'case({", ".join(cases)}, "{default}")' if cases else f'"{default}"'


def _error_percent(context: AzureContext, rule: AlarmRule) -> str:
    return (
        f'{access_log(context)} | where route =~ "{rule.name}" | summarize requests = count(), errors = countif(status >= 500) '
        f"| where requests >= {MIN_REQUESTS} | project value = 100.0 * errors / requests"
    )


def _latency_p95(context: AzureContext, rule: AlarmRule) -> str:
    """Query of the time to the first byte, because agents stream their responses."""
    return (
        f'{access_log(context)} | where route =~ "{rule.name}" | summarize requests = count(), p95 = percentile(seconds, 95) '
        f"| where requests >= {MIN_REQUESTS} | project value = p95"
    )


def _failed_probes(context: AzureContext, rule: AlarmRule) -> str:
    """Query of the failed readiness and liveness probes; a starting replica has a separate probe and deadline."""
    return (
        f'ContainerAppSystemLogs | where ContainerAppName == "{app_name(context.stack, rule.name)}" '
        '| where Reason in ("ProbeFailed", "ReplicaUnhealthy") and Log !has "startup" | summarize value = todouble(count())'
    )


def _failed_archiving(_: AzureContext, __: AlarmRule) -> str:
    return (
        'PGSQLServerLogs | where Message has_any ("archive command failed", "archiving write-ahead log file") '
        "| summarize value = todouble(count())"
    )


def _failed_copies(_: AzureContext, __: AlarmRule) -> str:
    """Query of the backups that failed in the vault; a job has an entry for each change of its status."""
    return (
        'AddonAzureBackupJobs | where JobOperation == "Backup" and JobStatus == "Failed" '
        "| summarize value = todouble(dcount(JobUniqueId))"
    )


def _blocked_percent(context: AzureContext, _: AlarmRule) -> str:
    """Query of the share of blocked requests; the firewall's log may have several entries of a request, the access log has one.

    Microsoft Learn, "Azure Web Application Firewall monitoring and logging"; the id of a transaction is a text or a GUID.
    """
    if has_gateway(context.spec):
        log, name, blocked = "ApplicationGateway", gateway_name(context.stack), "Blocked"
        request = 'strcat(column_ifexists("transactionId_g", ""), column_ifexists("transactionId_s", ""))'
        firewall = f"{log}FirewallLog"
    else:
        log, name, blocked = "FrontDoor", profile_name(context.stack), "Block"
        request = 'tostring(column_ifexists("trackingReference_s", ""))'
        firewall = f"{log}WebApplicationFirewallLog"
    return (
        f'AzureDiagnostics | where Category in ("{log}AccessLog", "{firewall}") '
        f'and Resource =~ "{name}" | extend action = tostring(column_ifexists("action_s", "")), request = {request} '
        f'| summarize requests = countif(Category == "{log}AccessLog"), blocked = dcountif(request, action == "{blocked}", 4) '
        f"| where requests >= {MIN_JUDGED_REQUESTS} | project value = min_of(100.0, 100.0 * blocked / requests)"
    )


def _denied_flows(_: AzureContext, __: AlarmRule) -> str:
    """Query of the denied flows that begin in the network; scans of a public address are inbound flows from outside.

    Microsoft Learn, "Azure Monitor Logs reference", NTANetAnalytics; the time of a row is that of its arrival in the workspace.
    """
    return (
        'NTANetAnalytics | where SubType =~ "FlowLog" and FlowStatus =~ "Denied" '
        'and (FlowDirection =~ "Outbound" or FlowType in ("IntraVNet", "InterVNet")) '
        "| summarize value = todouble(sum(DeniedOutFlows) + sum(DeniedInFlows))"
    )


NO_REPLICATION_SECONDS = 86400
"""Delay that stands for a replica that reports none: a metric alert cannot notice missing values, a query can."""


def _replica_delay(_: AzureContext, __: AlarmRule) -> str:
    """Query of the delay of the replica; the diagnostic setting of the server sends its metrics to the workspace."""
    return (
        'AzureMetrics | where ResourceProvider =~ "MICROSOFT.DBFORPOSTGRESQL" '
        f'and MetricName == "{REPLICA_DELAY}" '
        f"| summarize value = coalesce(max(Maximum), {NO_REPLICATION_SECONDS}.0)"
    )


QUERIES: Mapping[Signal, Callable[[AzureContext, AlarmRule], str]] = {
    Signal.ERROR_PERCENT: _error_percent,
    Signal.LATENCY_P95_SECONDS: _latency_p95,
    Signal.UNHEALTHY_REPLICAS: _failed_probes,
    Signal.DATABASE_BACKUP_FAILED: _failed_archiving,
    Signal.DATABASE_REPLICA_LAG_SECONDS: _replica_delay,
    Signal.COPIES_DATABASE_FAILED: _failed_copies,
    Signal.BLOCKED_PERCENT: _blocked_percent,
    Signal.DENIED_FLOWS: _denied_flows,
}
"""Log query of a rule, by the stack: its result is one row with one number, `value`."""


def queries_of(spec: Platform) -> Mapping[Signal, Callable[[AzureContext, AlarmRule], str]]:
    """Return the queries of the signals that have no metric."""
    return {signal: query for signal, query in QUERIES.items() if signal not in metrics_of(spec)}


def query_minutes(rule: AlarmRule | RuleDefinition) -> int:
    """Return the window of a log query: the periods of the rule, at least the ingestion delay."""
    return max(MIN_QUERY_MINUTES, rule.period_seconds * rule.periods // 60)


INPUT_TOKENS, OUTPUT_TOKENS = "ProcessedPromptTokens", "GeneratedTokens"
"""Microsoft Learn, "Supported metrics for Microsoft.CognitiveServices/accounts"; both can be exported to the workspace."""


def token_cost(prices: Mapping[str, ModelPrice], grain: str = "") -> str:
    """Return the query of the cost of Azure OpenAI in US dollars; `grain` summarizes it for a graph.

    A metric alert cannot add up prices, so the query reads exported metrics. These have no dimensions (Microsoft Learn,
    "Diagnostic settings in Azure Monitor"): with several models, the tokens of each count at the highest price.
    """
    per_input, per_output = (max(p.input for p in prices.values()), max(p.output for p in prices.values()))
    usd = f'iff(MetricName == "{INPUT_TOKENS}", {per_input:.12g}, {per_output:.12g})'
    return (
        'AzureMetrics | where ResourceProvider =~ "MICROSOFT.COGNITIVESERVICES" '
        f'and MetricName in ("{INPUT_TOKENS}", "{OUTPUT_TOKENS}") '
        f"| summarize value = sum(Total * {usd}) / 1000000.0{grain}"
    )


def cost_over_time(prices: Mapping[str, ModelPrice], rule: AlarmRule) -> str:
    """Return the query of a graph: the cost of each period of a rule."""
    return token_cost(prices, f" by bin(TimeGenerated, {rule.period_seconds // 3600}h)")


def burn_rate_query(context: AzureContext, percent: float, short_seconds: int) -> str:
    """Return the query of the share of failed requests in both windows of a pair; the lower one must exceed it."""
    share = "100.0 * countif({0}) / max_of(countif({1}), 1)"
    recent = f"TimeGenerated > ago({short_seconds}s)"
    whole = share.format("status >= 500", "true")
    end = share.format(f"status >= 500 and {recent}", recent)
    # `long` is a type of the query language and cannot be the name of a column
    return (
        f"{access_log(context)} | where isnotempty(route) "
        f"| summarize requests = count(), long_window = {whole}, short_window = {end} "
        f"| where requests >= {MIN_REQUESTS} | project value = min_of(long_window, short_window) "
        f"| where value >= {percent:g}"
    )
