"""Cloud Monitoring metric, filter and threshold of each signal. Pure.

Alarms and dashboards read the same table, so a graph shows the metric of its alarm. Three thresholds are computed: running
replicas are compared with the minimum, disk usage with the maximum size in bytes, connections with the server's limit.
Shares are of 1, where rules have percent. Failed connections and backups have no metric, so log entries are counted;
`LOG_FILTERS` has their filters.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from providers.contract.alarms import MIN_JUDGED_REQUESTS, AlarmRule, Signal, metric_for
from providers.contract.drill import AGE_METRIC, LEFTOVERS_METRIC
from providers.contract.spec import ModelPrice, Platform
from providers.gcp.monitoring.permission_changes import PERMISSION_FILTER, changes_query, changes_series
from providers.gcp.naming import metric_type

MINUTE_SECONDS = 60
"""Minimum alignment, and step of every duration: Cloud Monitoring API, `Aggregation` and `MetricThreshold`."""
BYTES_PER_GIB = 2**30
BELOW, ABOVE = "COMPARISON_LT", "COMPARISON_GT"
MISSING_IS_BREACH, MISSING_IS_OK = "EVALUATION_MISSING_DATA_ACTIVE", "EVALUATION_MISSING_DATA_INACTIVE"

Threshold = Callable[[Platform, AlarmRule, int], float]
"""Threshold in the unit of the metric, from a rule and the database server's maximum connections."""

COPIED_DATABASE, COPIED_OBJECTS = "copies/database", "copies/objects"
"""Kinds of subjects in a standby region; no service has such a name."""
DRILLS = "drills"
"""Kind of the metrics that drills put; their label `stack` tells stacks apart."""
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "service": ("cloud_run_revision", "service_name"),
    "worker": ("cloud_run_worker_pool", "worker_pool_name"),
    "job": ("cloud_run_job", "job_name"),
    "database": ("cloudsql_database", "database_id"),
    "cache": ("redis_instance", "instance_id"),
    COPIED_DATABASE: ("workflows.googleapis.com/Workflow", "workflow_id"),
    COPIED_OBJECTS: ("storage_transfer_job", "job_id"),
    DRILLS: ("global", "project_id"),
    "entry": ("network_security_policy", "policy_name"),
    "account": ("project", "project_id"),
}
"""Monitored resource type, and its label with the name, by kind of subject."""
COPY_KINDS: Mapping[Signal, str] = {
    Signal.COPIES_DATABASE_FAILED: COPIED_DATABASE,
    Signal.COPIES_DATABASE_MISSING: COPIED_DATABASE,
    Signal.COPIES_OBJECTS_FAILED: COPIED_OBJECTS,
}
"""Kind of the subject of each signal about copies."""

LOG_FILTERS: Mapping[Signal, str] = {
    Signal.DATABASE_FAILED_CONNECTIONS: (
        'textPayload=~"FATAL:.*(password authentication failed|too many clients|remaining connection slots)"'
    ),
    Signal.DATABASE_BACKUP_FAILED: (
        'log_id("cloudaudit.googleapis.com/system_event") AND '
        'protoPayload.methodName="cloudsql.instances.automatedBackup" AND '
        'NOT protoPayload.metadata.windowStatus="STATUS_SUCCEEDED"'
    ),
    # a transfer logs the actions that failed only
    Signal.COPIES_OBJECTS_FAILED: 'log_id("storagetransfer.googleapis.com/transfer_activity")',
    Signal.PERMISSION_CHANGES: PERMISSION_FILTER,
}
"""Filter of the log entries that a signal counts: Cloud SQL documentation, "View audit logs for automated backups"; Cloud
Logging documentation, "Google Cloud platform logs", for transfers; messages of PostgreSQL for the connections."""

REQUEST_LOGS = '(resource.type="http_load_balancer" AND resource.labels.backend_service_name=~"^{stack}-entry-")'
NETWORK_LOG_FILTERS = (
    REQUEST_LOGS,
    '(resource.type="gce_subnetwork" AND resource.labels.subnetwork_name=~"^{stack}-network-")',
    '(resource.type="nat_gateway" AND resource.labels.gateway_name=~"^{stack}-network-")',
    '(resource.type="dns_query" AND jsonPayload.sourceNetwork=~"^{stack}-network-")',
)
"""Logs of requests, flows, firewall, NAT and DNS queries; Pulumi generates the resources' names from these prefixes."""
DATA_ACCESS_LOGS = 'log_id("cloudaudit.googleapis.com/data_access")'
"""Audit logs of access to data, which `base/account.py` enables for the whole project."""
ADMINISTRATIVE_LOGS = (
    '(log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/system_event"))'
)
"""Audit logs that are always in the `_Required` bucket."""


@dataclass(frozen=True)
class GcpMetric:
    """Metric, aggregation of its time series to one value per period, and threshold."""

    type: str
    aligner: str
    reducer: str
    threshold: Threshold
    condition: str = ""
    """Additional filter condition on the time series."""
    is_share: bool = False
    """True when the value is the share of the time series with `condition` in all of them."""
    min_events: int = 0
    """Number of events of all time series in a period below which a share is not judged."""
    comparison: str = ABOVE
    missing_data: str | None = None
    """Result of a period without data; None is the default of Cloud Monitoring."""
    missing_while_passive: str | None = None
    """Another result in a region that does not serve; None for the same."""

    def missing(self, *, passive: bool) -> str | None:
        """Result of a period without data in a region."""
        return self.missing_while_passive if passive and self.missing_while_passive else self.missing_data


def _share(_: Platform, rule: AlarmRule, __: int) -> float:
    return round(rule.threshold / 100, 6)


def _unchanged(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold


def _milliseconds(_: Platform, rule: AlarmRule, __: int) -> float:
    return rule.threshold * 1000


def _min_replicas(spec: Platform, rule: AlarmRule, _: int) -> float:
    return spec.services[rule.name].replicas.min - rule.threshold


def _disk_bytes(spec: Platform, rule: AlarmRule, _: int) -> float:
    return round((spec.database.max_storage_gib if spec.database else 0) * BYTES_PER_GIB * rule.threshold / 100)


def _connections(_: Platform, rule: AlarmRule, max_connections: int) -> float:
    return max_connections * rule.threshold / 100


def _events(metric: str = "", condition: str = "", missing_data: str | None = None) -> GcpMetric:
    """Number of events in a period."""
    return GcpMetric(
        metric, "ALIGN_DELTA", "REDUCE_SUM", threshold=_unchanged, condition=condition, missing_data=missing_data
    )


COMPLETED_RUNS = "run.googleapis.com/job/completed_execution_count"
SUCCEEDED_RUNS = (
    'run_googleapis_com:job_completed_execution_count{{monitored_resource="cloud_run_job",job_name="{name}",'
    'result="succeeded"}}'
)
"""The metric in PromQL: Cloud Monitoring documentation, "Mapping Cloud Monitoring metrics to PromQL"."""
EXPORTS = "workflows.googleapis.com/finished_execution_count"
SUCCEEDED_EXPORTS = (
    'workflows_googleapis_com:finished_execution_count{{monitored_resource="workflows.googleapis.com/Workflow",'
    'workflow_id="{name}",status="SUCCEEDED"}}'
)
EXPORT_WINDOW_SECONDS, EXPORT_SILENCE_SECONDS = 12 * 3600, 24 * 3600
"""An alarm fires a day after the last success has left the window; a day is the longest time of a condition."""
DRILL_SIGNALS: Mapping[Signal, str] = {
    Signal.DATABASE_BACKUP_AGE_SECONDS: AGE_METRIC,
    Signal.DATABASE_DRILL_LEFTOVERS: LEFTOVERS_METRIC,
}
"""Metric that drills put, by signal."""
DRILL_WINDOW_SECONDS = 2 * 3600
"""Two reports of drills, so that one that is late is no silence."""
UNKNOWN_AGE_SECONDS = 10**12
"""Age of a backup that no drill reports."""
RUN, SQL, REDIS = "run.googleapis.com", "cloudsql.googleapis.com/database", "redis.googleapis.com/stats"
METRICS: Mapping[Signal, GcpMetric] = {
    # a sample is a distribution over replicas: of up to 100 replicas, the 99th percentile is the busiest
    Signal.CPU_PERCENT: GcpMetric(
        f"{RUN}/container/cpu/utilizations", aligner="ALIGN_PERCENTILE_99", reducer="REDUCE_MAX", threshold=_share
    ),
    Signal.MEMORY_PERCENT: GcpMetric(
        f"{RUN}/container/memory/utilizations", aligner="ALIGN_PERCENTILE_99", reducer="REDUCE_MAX", threshold=_share
    ),
    Signal.ERROR_PERCENT: GcpMetric(
        f"{RUN}/request_count",
        aligner="ALIGN_RATE",
        reducer="REDUCE_SUM",
        threshold=_share,
        condition='metric.labels.response_code_class="5xx"',
        is_share=True,
        missing_data=MISSING_IS_OK,
    ),
    Signal.LATENCY_P95_SECONDS: GcpMetric(
        f"{RUN}/request_latencies", aligner="ALIGN_DELTA", reducer="REDUCE_PERCENTILE_95", threshold=_milliseconds
    ),
    # a starting replica has a separate probe with its own timeout
    Signal.UNHEALTHY_REPLICAS: _events(
        f"{RUN}/container/completed_probe_attempt_count",
        'metric.labels.is_healthy=false AND metric.labels.probe_type!="STARTUP"',
        missing_data=MISSING_IS_OK,
    ),
    Signal.MISSING_REPLICAS: GcpMetric(
        f"{RUN}/container/containers",
        aligner="ALIGN_MAX",
        reducer="REDUCE_SUM",
        threshold=_min_replicas,
        condition='metric.labels.container_name="app"',
        comparison=BELOW,
        missing_data=MISSING_IS_BREACH,
    ),
    Signal.DATABASE_FAILED_CONNECTIONS: _events(),
    Signal.DATABASE_CPU_PERCENT: GcpMetric(
        f"{SQL}/cpu/utilization", aligner="ALIGN_MEAN", reducer="REDUCE_MAX", threshold=_share
    ),
    # the disk grows automatically, so used bytes are compared with the maximum size, not with the current one
    Signal.DATABASE_STORAGE_PERCENT: GcpMetric(
        f"{SQL}/disk/bytes_used", aligner="ALIGN_MAX", reducer="REDUCE_MAX", threshold=_disk_bytes
    ),
    Signal.DATABASE_CONNECTIONS_PERCENT: GcpMetric(
        f"{SQL}/postgresql/num_backends", aligner="ALIGN_MAX", reducer="REDUCE_SUM", threshold=_connections
    ),
    Signal.DATABASE_BACKUP_FAILED: _events(),
    # only a replica reports it; a replica that reports nothing does not replicate
    Signal.DATABASE_REPLICA_LAG_SECONDS: GcpMetric(
        f"{SQL}/replication/replica_lag",
        aligner="ALIGN_MAX",
        reducer="REDUCE_MAX",
        threshold=_unchanged,
        missing_data=MISSING_IS_OK,
        missing_while_passive=MISSING_IS_BREACH,
    ),
    Signal.COPIES_DATABASE_FAILED: _events(EXPORTS, 'metric.labels.status="FAILED"', missing_data=MISSING_IS_OK),
    Signal.COPIES_DATABASE_MISSING: _events(EXPORTS, 'metric.labels.status="SUCCEEDED"'),
    Signal.COPIES_OBJECTS_FAILED: _events(),
    **{
        signal: GcpMetric(metric_type(name), aligner="ALIGN_MAX", reducer="REDUCE_MAX", threshold=_unchanged)
        for signal, name in DRILL_SIGNALS.items()
    },
    Signal.CACHE_MEMORY_PERCENT: GcpMetric(
        f"{REDIS}/memory/usage_ratio", aligner="ALIGN_MEAN", reducer="REDUCE_MAX", threshold=_share
    ),
    Signal.CACHE_EVICTIONS: _events(f"{REDIS}/evicted_keys"),
    Signal.BLOCKED_PERCENT: GcpMetric(
        "networksecurity.googleapis.com/https/request_count",
        aligner="ALIGN_DELTA",
        reducer="REDUCE_SUM",
        threshold=_share,
        condition="metric.labels.blocked=true",
        is_share=True,
        min_events=MIN_JUDGED_REQUESTS,
        missing_data=MISSING_IS_OK,
    ),
    Signal.PERMISSION_CHANGES: _events(),
    Signal.JOB_FAILED: _events(COMPLETED_RUNS, 'metric.labels.result="failed"', missing_data=MISSING_IS_OK),
    Signal.JOB_MISSED: _events(COMPLETED_RUNS, 'metric.labels.result="succeeded"'),
}
"""Metric of each signal; an empty type is a metric that counts log entries. Cloud Monitoring documentation, "Google Cloud
metrics": Cloud Run, Cloud SQL, Memorystore for Redis, Cloud Armor."""


def series(spec: Platform, stack: str, rule: AlarmRule, subject: str) -> str:
    """Filter of a rule's time series; `subject` is Google Cloud's name of the rule's subject."""
    metric = metric_for(METRICS, rule)
    return " AND ".join(filter(None, (all_series(spec, stack, rule, subject), metric.condition)))


def all_series(spec: Platform, stack: str, rule: AlarmRule, subject: str) -> str:
    """Filter without the metric's condition, which is the denominator of a share."""
    kind = subject_kind(spec, rule)
    resource, label = SUBJECTS[kind]
    metric = metric_for(METRICS, rule).type or f"logging.googleapis.com/user/{log_metric_name(stack, rule.signal)}"
    if kind == "account":
        return changes_series(metric)
    # the metric of a transfer counts the entries of this one only
    labels = {COPIED_OBJECTS: "", DRILLS: f' AND metric.labels.stack="{stack}"'}
    named = labels.get(kind, f' AND resource.labels.{label}="{subject}"')
    return f'resource.type="{resource}"{named} AND metric.type="{metric}"'


def log_metric_query(spec: Platform, stack: str, rule: AlarmRule, subject: str) -> str:
    """PromQL of the log entries that a rule counts in its period.

    The name of a metric as PromQL has it, and the label with the resource type: Cloud Monitoring documentation, "Mapping
    Cloud Monitoring metrics to PromQL".
    """
    kind = subject_kind(spec, rule)
    resource, label = SUBJECTS[kind]
    name = re.sub(r"\W", "_", log_metric_name(stack, rule.signal))
    if kind == "account":
        return changes_query(f"logging_googleapis_com:user_{name}", alignment_seconds(spec, rule))
    labels = f'monitored_resource="{resource}"' + ("" if kind == COPIED_OBJECTS else f',{label}="{subject}"')
    return f"sum(increase(logging_googleapis_com:user_{name}{{{labels}}}[{alignment_seconds(spec, rule)}s]))"


def missed_job_query(rule: AlarmRule, name: str) -> str:
    """PromQL that has a value while a Cloud Run job has succeeded before, but not in all periods of its rule.

    A new job has no success yet, so the alarm begins with the first one. It ends after twice the time.
    """
    runs, seconds = SUCCEEDED_RUNS.format(name=name), rule.period_seconds * rule.periods
    return f"sum(increase({runs}[{2 * seconds}s])) > 0 unless sum(increase({runs}[{seconds}s])) > 0"


def missing_export_query(name: str) -> str:
    """PromQL that has a value while no export of the database has succeeded in the last hours, also before the first one."""
    runs = SUCCEEDED_EXPORTS.format(name=name)
    return f"(sum(increase({runs}[{EXPORT_WINDOW_SECONDS}s])) or vector(0)) < 1"


def drill_query(stack: str, rule: AlarmRule) -> str:
    """PromQL that has a value while a metric of drills is above a rule's threshold; an unknown age is above each one."""
    name = metric_type(DRILL_SIGNALS[rule.signal]).replace(".googleapis.com/", "_googleapis_com:", 1).replace("/", "_")
    newest = f'max(max_over_time({name}{{monitored_resource="global",stack="{stack}"}}[{DRILL_WINDOW_SECONDS}s]))'
    if rule.signal is Signal.DATABASE_BACKUP_AGE_SECONDS:
        newest = f"({newest} or vector({UNKNOWN_AGE_SECONDS}))"
    return f"{newest} > {rule.threshold:.0f}"


TOKENS = (
    "aiplatform_googleapis_com:publisher_online_serving_token_count{{monitored_resource="
    '"aiplatform.googleapis.com/PublisherModel",model_user_id="{model}",type{condition}}}'
)
"""Tokens of a publisher's model in the project by type: input, output, and others with cache_read and cache_write in the name."""


def cost_query(prices: Mapping[str, ModelPrice], rule: AlarmRule) -> str:
    """PromQL of the cost of Vertex AI models in US dollars in the period of a rule; a model without calls costs nothing."""
    terms: list[str] = []
    for model, price in prices.items():
        cached = price.input if price.cached is None else price.cached  # writes to the cache count as input
        kinds = (("!~", "output|cache_read", price.input), ("=~", "output", price.output), ("=~", "cache_read", cached))
        for sign, names, usd in kinds:
            tokens = TOKENS.format(model=model, condition=f'{sign}".*({names}).*"')
            terms.append(f"(sum(increase({tokens}[{rule.period_seconds}s])) or vector(0)) * {usd:.12g}")
    return f"({' + '.join(terms)}) / 1000000"


def log_metric_name(stack: str, signal: Signal) -> str:
    """`prod/failed-connections`: fixed, because the filter of its alarm contains it."""
    return f"{stack}/{signal.value}"


def subject_kind(spec: Platform, rule: AlarmRule) -> str:
    """Key of `SUBJECTS` for a rule's subject."""
    if rule.signal in COPY_KINDS:
        return COPY_KINDS[rule.signal]
    if rule.signal in DRILL_SIGNALS:
        return DRILLS
    if rule.subject == "service" and spec.services[rule.name].port is None:
        return "worker"
    return rule.subject


def alignment_seconds(spec: Platform, rule: AlarmRule) -> int:
    """Seconds per value: the rule's period, at least the interval of the health check."""
    if rule.signal != Signal.UNHEALTHY_REPLICAS:
        return rule.period_seconds
    interval = spec.services[rule.name].health.interval_seconds
    return max(rule.period_seconds, ceil(interval / MINUTE_SECONDS) * MINUTE_SECONDS)


def duration_seconds(spec: Platform, rule: AlarmRule) -> int:
    """Seconds of consecutive breaches before the alarm fires; 0 when one value is enough."""
    return alignment_seconds(spec, rule) * rule.periods if rule.periods > 1 else 0
