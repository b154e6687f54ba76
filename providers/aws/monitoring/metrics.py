"""One table from the contract's signals to CloudWatch's metrics. Pure: no SDK.

Most rows are one metric; shares and differences are metric math over several. Three signals have no metric of their
own on AWS: failed connections are counted in the logs (`logs.py`), a failed backup shows only as a finished one that
does not come (`backups.py`), and the load balancer counts the errors it answers itself for all services together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from providers.contract.alarms import Signal
from providers.contract.dashboard import GraphOnlyMetric

Missing = Literal["missing", "breaching", "notBreaching"]
Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]
ECS = ("ClusterName", "ServiceName")
BALANCER = ("LoadBalancer",)
TARGETS = ("LoadBalancer", "TargetGroup")
INSTANCE = ("DBInstanceIdentifier",)
NODE = ("CacheClusterId",)
FEWEST_REQUESTS = 20
"""Requests a period below which a share of errors says nothing: one failure at night is not an outage."""
HOURS_WITHOUT_BACKUP = 26
"""A daily backup and two hours of grace: it may begin anywhere in its window and takes as long as the data is large."""
LOG_NAMESPACE = "AgentPlatform/{stack}"
FAILED_CONNECTIONS = "DatabaseFailedConnections"


@dataclass(frozen=True)
class AwsMetric:
    """A CloudWatch metric: namespace, name, the statistic of a period that counts, and its dimensions' names."""

    namespace: str
    name: str
    stat: str
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class MetricRow:
    """How CloudWatch measures one signal.

    `expression` is metric math over the metrics' ids; empty: the one metric itself. Braces in it and in a namespace
    take the target's facts, and `{nodes}` the ids of a metric that is read once `per_node`.
    """

    metrics: Mapping[str, AwsMetric]
    expression: str = ""
    per_node: bool = False
    missing: Missing = "missing"
    absence: "Absence | None" = None


@dataclass(frozen=True)
class Absence:
    """Turns a row around: the alarm fires when the metric stays below `fewer_than` in each of `periods` periods."""

    fewer_than: float
    periods: int
    warm_up_minutes: int
    """Time after its making in which the alarm stays silent: it cannot know what came before it."""


@dataclass(frozen=True)
class AwsAlarmTarget:
    """One subject: values by CloudWatch's dimension names, the cache's nodes, and sizes that percentages are of."""

    stack: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    nodes: tuple[pulumi.Input[str], ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Reading:
    """One metric of a row, complete: its id in the row's expression and the values of its dimensions."""

    id: str
    namespace: str
    metric: AwsMetric
    dimensions: Mapping[str, pulumi.Input[str]]


def one(namespace: str, name: str, stat: str, dimensions: tuple[str, ...], missing: Missing = "missing") -> MetricRow:
    """A row of a single metric."""
    return MetricRow({"m": AwsMetric(namespace, name, stat, dimensions)}, missing=missing)


def errors(*dimensions: str) -> MetricRow:
    """Share of requests answered with 5xx, by the service or by the load balancer in its place, in percent.

    The load balancer reports its own answers only when there are some and never by target group, so every term is
    filled with zero, and with several public services each of them carries the load balancer's errors: too loud
    beats silent when a service is too broken to answer at all.
    """
    failed, asked = "(FILL(t5,0)+FILL(e5,0))", "(FILL(rq,0)+FILL(e5,0))"
    return MetricRow(
        {
            "t5": AwsMetric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", dimensions),
            "e5": AwsMetric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", BALANCER),
            "rq": AwsMetric("AWS/ApplicationELB", "RequestCount", "Sum", dimensions),
        },
        f"IF({asked}>{FEWEST_REQUESTS}, 100*{failed}/{asked}, 0)",
        missing="notBreaching",
    )


def latency(*dimensions: str) -> MetricRow:
    """95th percentile of the time a target takes to begin its answer, in seconds."""
    return one("AWS/ApplicationELB", "TargetResponseTime", "p95", dimensions, "notBreaching")


UNHEALTHY = MetricRow(
    {
        "sick": AwsMetric("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", TARGETS),
        "well": AwsMetric("AWS/ApplicationELB", "HealthyHostCount", "Maximum", TARGETS),
    },
    # Copies that start or drain count as neither, so a service with none healthy may have none unhealthy either.
    "sick+IF(well<1, 1, 0)",
    # Both metrics stop when no copy is registered at all, which is the worst health there is.
    missing="breaching",
)
MISSING_REPLICAS = MetricRow(
    {
        "wanted": AwsMetric("ECS/ContainerInsights", "DesiredTaskCount", "Average", ECS),
        "running": AwsMetric("ECS/ContainerInsights", "RunningTaskCount", "Average", ECS),
    },
    "wanted-running",
)
STORAGE = MetricRow(
    {"free": AwsMetric("AWS/RDS", "FreeStorageSpace", "Minimum", INSTANCE)},
    "100-100*free/{storage_bytes}",
)
BACKUPS = MetricRow(
    {"m": AwsMetric("AWS/Events", "Invocations", "Sum", ("RuleName",))},
    missing="breaching",
    absence=Absence(fewer_than=1, periods=HOURS_WITHOUT_BACKUP, warm_up_minutes=60 * HOURS_WITHOUT_BACKUP),
)
ROWS: Mapping[Signal, MetricRow] = {
    Signal.CPU_PERCENT: one("AWS/ECS", "CPUUtilization", "Average", ECS),
    Signal.MEMORY_PERCENT: one("AWS/ECS", "MemoryUtilization", "Average", ECS),
    Signal.ERROR_PERCENT: errors(*TARGETS),
    Signal.LATENCY_P95_SECONDS: latency(*TARGETS),
    Signal.UNHEALTHY_REPLICAS: UNHEALTHY,
    Signal.MISSING_REPLICAS: MISSING_REPLICAS,
    Signal.DATABASE_FAILED_CONNECTIONS: one(LOG_NAMESPACE, FAILED_CONNECTIONS, "Sum", (), "notBreaching"),
    Signal.DATABASE_CPU_PERCENT: one("AWS/RDS", "CPUUtilization", "Average", INSTANCE),
    Signal.DATABASE_STORAGE_PERCENT: STORAGE,
    Signal.DATABASE_CONNECTIONS_PERCENT: MetricRow(
        {"open": AwsMetric("AWS/RDS", "DatabaseConnections", "Average", INSTANCE)}, "100*open/{max_connections}"
    ),
    Signal.DATABASE_BACKUP_FAILED: BACKUPS,
    Signal.CACHE_MEMORY_PERCENT: MetricRow(
        {"m": AwsMetric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Average", NODE)}, "MAX([{nodes}])", per_node=True
    ),
    Signal.CACHE_EVICTIONS: MetricRow(
        {"m": AwsMetric("AWS/ElastiCache", "Evictions", "Sum", NODE)}, "SUM([{nodes}])", per_node=True
    ),
}  # fmt: skip
"""Every signal of the contract. Sources: "CloudWatch metrics" of ECS, Application Load Balancer, RDS, ElastiCache."""
MEASURES: Mapping[GraphOnlyMetric, MetricRow] = {
    GraphOnlyMetric.REQUESTS: one("AWS/ApplicationELB", "RequestCount", "Sum", TARGETS),
    GraphOnlyMetric.SPENDING: one("AWS/Billing", "EstimatedCharges", "Maximum", ("Currency",)),
}
"""What the dashboard draws beside the signals."""


def service_target(
    stack: str,
    *,
    cluster_name: pulumi.Input[str] | None = None,
    service_name: pulumi.Input[str] | None = None,
    load_balancer: pulumi.Input[str] | None = None,
    target_group: pulumi.Input[str] | None = None,
) -> AwsAlarmTarget:
    """A service: cluster and service for its CPU, memory and copies; ARN suffixes for what the load balancer sees.

    The deployment alarm (ERROR_PERCENT) needs `load_balancer` and `target_group` only.
    """
    values = {
        "ClusterName": cluster_name,
        "ServiceName": service_name,
        "LoadBalancer": load_balancer,
        "TargetGroup": target_group,
    }
    return AwsAlarmTarget(stack, {name: value for name, value in values.items() if value is not None})


def readings(row: MetricRow, target: AwsAlarmTarget) -> list[Reading]:
    """The metrics of a row on a target; raises LookupError when the target lacks a dimension."""
    if row.per_node:
        (metric,) = row.metrics.values()
        (dimension,) = metric.dimensions
        ids = node_ids(target)
        return [
            Reading(id, metric.namespace, metric, {dimension: node}) for id, node in zip(ids, target.nodes, strict=True)
        ]
    return [_reading(id, metric, target) for id, metric in row.metrics.items()]


def expression(row: MetricRow, target: AwsAlarmTarget) -> str:
    """The row's metric math on a target; empty for a row of one plain metric."""
    return row.expression.format(nodes=",".join(node_ids(target)), **target.sizes)


def node_ids(target: AwsAlarmTarget) -> list[str]:
    """Ids in metric math of the cache's nodes: `n0`, `n1`, ..."""
    return [f"n{number}" for number in range(len(target.nodes))]


def _reading(id: str, metric: AwsMetric, target: AwsAlarmTarget) -> Reading:
    absent = [name for name in metric.dimensions if name not in target.dimensions]
    if absent:
        raise LookupError(f"{metric.namespace} {metric.name} needs the dimensions {absent}, which the target lacks")
    values = {name: target.dimensions[name] for name in metric.dimensions}
    return Reading(id, metric.namespace.format(stack=target.stack), metric, values)
