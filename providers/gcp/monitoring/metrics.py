"""What each signal of the alarm rules is in Cloud Monitoring. Pure.

Alarms and dashboards read the same table, so a graph shows what its alarm watches. Three signals differ from their
rule's own number: copies are counted and compared with the least number, the disk with the bytes it may grow to, the
connections with the server's own limit. Shares are of one here, where rules speak of percent.
Failed connections and backups have no metric, so entries of the logs are counted; `LOGGED` has what to look for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from providers.contract.alarms import AlarmRule, Signal, metric_for
from providers.contract.spec import Platform
from providers.gcp.naming import run_name

MINUTE = 60
"""Least alignment and step of every duration: Cloud Monitoring API, `Aggregation` and `MetricThreshold`."""
GIB = 2**30
LEAST, MOST = "COMPARISON_LT", "COMPARISON_GT"
UNLESS_SEEN, ONLY_IF_SEEN = "EVALUATION_MISSING_DATA_ACTIVE", "EVALUATION_MISSING_DATA_INACTIVE"

Limit = Callable[[Platform, AlarmRule, int], float]
"""The number that fires, of a rule and the connections that the database's server takes."""

SUBJECTS: Mapping[str, tuple[str, str]] = {
    "service": ("cloud_run_revision", "service_name"),
    "worker": ("cloud_run_worker_pool", "worker_pool_name"),
    "database": ("cloudsql_database", "database_id"),
    "cache": ("redis_instance", "instance_id"),
}
"""Monitored resource and the label that names one of them."""

LOGGED: Mapping[Signal, str] = {
    Signal.DATABASE_FAILED_CONNECTIONS: (
        'textPayload=~"FATAL:.*(password authentication failed|too many clients|remaining connection slots)"'
    ),
    Signal.DATABASE_BACKUP_FAILED: (
        'log_id("cloudaudit.googleapis.com/system_event") AND '
        'protoPayload.methodName="cloudsql.instances.automatedBackup" AND '
        'NOT protoPayload.metadata.windowStatus="STATUS_SUCCEEDED"'
    ),
}
"""Filter of the log entries that a signal counts: Cloud SQL, "View audit logs for automated backups"; PostgreSQL's own
messages for the connections."""


NAMED_BY_STACK = (
    '(resource.type="http_load_balancer" AND resource.labels.backend_service_name=~"^{stack}-entry-")',
    '(resource.type="gce_subnetwork" AND resource.labels.subnetwork_name=~"^{stack}-network-")',
    '(resource.type="nat_gateway" AND resource.labels.gateway_name=~"^{stack}-network-")',
)
"""Logs of requests, flows, firewall and NAT, by the first part of the names that Pulumi gives to what writes them."""


@dataclass(frozen=True)
class GcpMetric:
    """One row: the metric, how its series become one number a period, and the number that fires."""

    type: str
    aligner: str
    reducer: str
    limit: Limit
    where: str = ""
    """Further condition on the series."""
    share: bool = False
    """True when the number is the share that `where` has of all series."""
    comparison: str = MOST
    missing: str | None = None
    """What silence means; None leaves it to Cloud Monitoring."""


def _share(_: Platform, rule: AlarmRule, __: int) -> float:
    return round(rule.threshold / 100, 6)


def _same(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold


def _milliseconds(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold * 1000


def _copies(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].replicas.min - rule.threshold


def _disk_bytes(spec: Platform, rule: AlarmRule, _: int) -> float:
    return round((spec.database.max_storage_gib if spec.database else 0) * GIB * rule.threshold / 100)


def _connections(_: Platform, rule: AlarmRule, most: int) -> float:
    return most * rule.threshold / 100


RUN, SQL, REDIS = "run.googleapis.com", "cloudsql.googleapis.com/database", "redis.googleapis.com/stats"
METRICS: Mapping[Signal, GcpMetric] = {
    # a sample is a distribution over copies: the 99th percentile is the busiest of up to a hundred
    Signal.CPU_PERCENT: GcpMetric(f"{RUN}/container/cpu/utilizations", "ALIGN_PERCENTILE_99", "REDUCE_MAX", _share),
    Signal.MEMORY_PERCENT: GcpMetric(f"{RUN}/container/memory/utilizations", "ALIGN_PERCENTILE_99", "REDUCE_MAX", _share),
    Signal.ERROR_PERCENT: GcpMetric(
        f"{RUN}/request_count", "ALIGN_RATE", "REDUCE_SUM", _share,
        where='metric.labels.response_code_class="5xx"', share=True, missing=ONLY_IF_SEEN,
    ),
    Signal.LATENCY_P95_SECONDS: GcpMetric(
        f"{RUN}/request_latencies", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", _milliseconds
    ),
    # a copy that is still starting has its own probe, and a deadline of its own
    Signal.UNHEALTHY_REPLICAS: GcpMetric(
        f"{RUN}/container/completed_probe_attempt_count", "ALIGN_DELTA", "REDUCE_SUM", _same,
        where='metric.labels.is_healthy=false AND metric.labels.probe_type!="STARTUP"', missing=ONLY_IF_SEEN,
    ),
    Signal.MISSING_REPLICAS: GcpMetric(
        f"{RUN}/container/containers", "ALIGN_MAX", "REDUCE_SUM", _copies,
        where='metric.labels.container_name="app"', comparison=LEAST, missing=UNLESS_SEEN,
    ),
    Signal.DATABASE_FAILED_CONNECTIONS: GcpMetric("", "ALIGN_DELTA", "REDUCE_SUM", _same),
    Signal.DATABASE_CPU_PERCENT: GcpMetric(f"{SQL}/cpu/utilization", "ALIGN_MEAN", "REDUCE_MAX", _share),
    # the disk grows by itself, so its own utilisation says little: what is used is held against the limit of growth
    Signal.DATABASE_STORAGE_PERCENT: GcpMetric(f"{SQL}/disk/bytes_used", "ALIGN_MAX", "REDUCE_MAX", _disk_bytes),
    Signal.DATABASE_CONNECTIONS_PERCENT: GcpMetric(
        f"{SQL}/postgresql/num_backends", "ALIGN_MAX", "REDUCE_SUM", _connections
    ),
    Signal.DATABASE_BACKUP_FAILED: GcpMetric("", "ALIGN_DELTA", "REDUCE_SUM", _same),
    Signal.CACHE_MEMORY_PERCENT: GcpMetric(f"{REDIS}/memory/usage_ratio", "ALIGN_MEAN", "REDUCE_MAX", _share),
    Signal.CACHE_EVICTIONS: GcpMetric(f"{REDIS}/evicted_keys", "ALIGN_DELTA", "REDUCE_SUM", _same),
}  # fmt: skip
"""Cloud Monitoring, "Google Cloud metrics": Cloud Run, Cloud SQL, Memorystore for Redis."""


def series(spec: Platform, stack: str, rule: AlarmRule, subject: str) -> str:
    """Filter of the series that a rule's signal is made of; `subject` is what Google Cloud calls the rule's subject."""
    found = metric_for(METRICS, rule)
    return " AND ".join(filter(None, (all_series(spec, stack, rule, subject), found.where)))


def all_series(spec: Platform, stack: str, rule: AlarmRule, subject: str) -> str:
    """The same without the row's further condition: what a share is a share of."""
    resource, label = SUBJECTS[subject_kind(spec, rule)]
    kind = metric_for(METRICS, rule).type or f"logging.googleapis.com/user/{log_metric_name(stack, rule.signal)}"
    return f'resource.type="{resource}" AND resource.labels.{label}="{subject}" AND metric.type="{kind}"'


def log_metric_name(stack: str, signal: Signal) -> str:
    """`prod/failed-connections`: fixed, because the filter of its alarm names it."""
    return f"{stack}/{signal.value}"


def subject_kind(spec: Platform, rule: AlarmRule) -> str:
    """Key of `SUBJECTS` for a rule's subject."""
    if rule.subject == "service" and spec.services[rule.name].port is None:
        return "worker"
    return rule.subject


def alignment_seconds(spec: Platform, rule: AlarmRule) -> int:
    """Seconds that one point stands for: the rule's period, and never shorter than what is measured recurs."""
    if rule.signal != Signal.UNHEALTHY_REPLICAS:
        return rule.period_seconds
    interval = spec.services[rule.name].health.interval_seconds
    return max(rule.period_seconds, ceil(interval / MINUTE) * MINUTE)


def duration_seconds(spec: Platform, rule: AlarmRule) -> int:
    """Seconds that points must fire before the alarm does; 0 when a single one is enough."""
    return alignment_seconds(spec, rule) * rule.periods if rule.periods > 1 else 0


def platform_logs(spec: Platform, stack: str, data: Mapping[str, str]) -> str:
    """Filter of everything that the stack writes to the logs; `data` is what Google Cloud calls database and cache."""
    services = [
        _any_of(resource, label, names) for (resource, label), names in _run_names(spec, stack).items() if names
    ]
    stores = [_any_of(*SUBJECTS[kind], [data[kind]]) for kind in ("database", "cache") if kind in data]
    return " OR ".join((*services, *stores, *(pattern.format(stack=stack) for pattern in NAMED_BY_STACK)))


def _run_names(spec: Platform, stack: str) -> dict[tuple[str, str], list[str]]:
    listening = [name for name, service in spec.services.items() if service.port is not None]
    workers = [name for name in spec.services if name not in listening]
    return {
        SUBJECTS["service"]: [run_name(stack, name) for name in listening],
        SUBJECTS["worker"]: [run_name(stack, name) for name in workers],
    }


def _any_of(resource: str, label: str, names: Sequence[str]) -> str:
    quoted = " OR ".join(f'"{name}"' for name in names)
    return f'(resource.type="{resource}" AND resource.labels.{label}=({quoted}))'
