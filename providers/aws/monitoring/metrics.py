"""CloudWatch metrics of the contract's signals, and the targets that alarms and graphs read them from.

Most signals are one metric; percentages and differences are metric math over several. Three signals have no metric on
AWS: failed connections are counted in logs and a failed backup is the absence of a finished one (both in
`database_metrics.py`), and the load balancer counts the errors it returns itself for all services together.

A target only needs the dimensions of its metrics, so an alarm on the load balancer's metrics can exist before the ECS
service whose deployments it rolls back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.metric_queries import Absence, AwsMetric, MetricQuery, single_metric
from providers.aws.monitoring.security_metrics import BLOCKED_REQUESTS, PERMISSION_CHANGES
from providers.aws.naming import next_service_name
from providers.contract.alarms import Signal
from providers.contract.dashboard import GraphOnlyMetric
from providers.contract.drill import AGE_METRIC, LEFTOVERS_METRIC

ECS = ("ClusterName", "ServiceName")
BALANCER = ("LoadBalancer",)
TARGETS = ("LoadBalancer", "TargetGroup")
INSTANCE = ("DBInstanceIdentifier",)
NODE = ("CacheClusterId",)
REPLICATION = ("SourceBucket", "DestinationBucket", "RuleId")
MACHINE = ("StateMachineArn",)
MIN_REQUESTS = 20
"""Requests per period below which the error rate is not evaluated: one failure at night is not an outage."""
MIN_SAMPLES_OF_P95 = 200
"""10/(1-0.95) samples: Amazon CloudWatch user guide, "Percentile-based alarms and low data samples"."""
NEXT = "_next"
"""Suffix of the ids of metrics of a new revision."""
HOURS_WITHOUT_BACKUP = 26
"""A day and two hours of grace: the start within the window varies, and so does the duration."""
HOURS_WITHOUT_COPY = 36
"""A day, and the nine hours in which AWS Backup starts and completes a snapshot, and the time to copy it."""
LOG_NAMESPACE = "AgentPlatform/{stack}"
FAILED_CONNECTIONS, DENIED_FLOWS = "DatabaseFailedConnections", "DeniedFlows"


@dataclass(frozen=True)
class AwsAlarmTarget:
    """Subject of an alarm or graph: values of CloudWatch dimensions, cache nodes, and denominators of percentages."""

    stack: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    nodes: tuple[pulumi.Input[str], ...] = ()
    new_revision: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Values of dimensions that differ for the new revision of a service whose rollout has steps; empty for any other."""
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    models: "MetricQuery | None" = None
    """Query of the cost of models, in place of `MODEL_COST`."""
    passive: bool = False
    """True in a region that does not serve."""
    quiet: frozenset[Signal] = frozenset()
    """Signals whose alarms send no notification, because what they measure is expected in a region that does not serve."""


@dataclass(frozen=True)
class MetricReading:
    """Metric of a query with the values of its dimensions and its id in metric math."""

    id: str
    namespace: str
    metric: AwsMetric
    dimensions: Mapping[str, pulumi.Input[str]]


def _next_of(metrics: Mapping[str, AwsMetric]) -> Mapping[str, AwsMetric]:
    """Return the metrics, and those of the new revision of the same service."""
    return {**metrics, **{f"{id}{NEXT}": metric for id, metric in metrics.items()}}


def _service_metric(namespace: str, name: str) -> MetricQuery:
    """Query of the average over the tasks of a service; of the busier revision where two run."""
    query = single_metric(namespace=namespace, name=name, stat="Average", dimensions=ECS)
    return replace(query, both=MetricQuery(_next_of(query.metrics), "MAX([m,FILL(m_next,0)])"))


def errors(*dimensions: str) -> MetricQuery:
    """Percentage of requests answered with 5xx, by the service or by the load balancer on its behalf.

    The load balancer reports its own errors only when there are some and never by target group. Every term is therefore
    filled with zero, and with several public services each of them includes the load balancer's errors: a false alarm
    is preferable to none when a service is too broken to answer.
    """
    failed, requests = "(FILL(t5,0)+FILL(e5,0))", "(FILL(rq,0)+FILL(e5,0))"
    return MetricQuery(
        {
            "t5": AwsMetric(
                namespace="AWS/ApplicationELB", name="HTTPCode_Target_5XX_Count", stat="Sum", dimensions=dimensions
            ),
            "e5": AwsMetric(
                namespace="AWS/ApplicationELB", name="HTTPCode_ELB_5XX_Count", stat="Sum", dimensions=BALANCER
            ),
            "rq": AwsMetric(namespace="AWS/ApplicationELB", name="RequestCount", stat="Sum", dimensions=dimensions),
        },
        f"IF({requests}>{MIN_REQUESTS}, 100*{failed}/{requests}, 0)",
        missing="notBreaching",
    )


def _errors_of_both() -> MetricQuery:
    """Highest of the percentages of all requests, and of each revision alone.

    Errors that the load balancer returns itself are in the first only: a revision without requests would have 100 %.
    """
    query = errors(*TARGETS)
    own = {id: metric for id, metric in query.metrics.items() if metric.dimensions == TARGETS}
    failed = "(FILL(t5,0)+FILL(t5_next,0)+FILL(e5,0))"
    requests = "(FILL(rq,0)+FILL(rq_next,0)+FILL(e5,0))"
    parts = (
        f"IF({requests}>{MIN_REQUESTS}, 100*{failed}/{requests}, 0)",
        *(f"IF(FILL(rq{id},0)>{MIN_REQUESTS}, 100*FILL(t5{id},0)/FILL(rq{id},0), 0)" for id in ("", NEXT)),
    )
    return replace(query, metrics={**query.metrics, **_next_of(own)}, expression=f"MAX([{','.join(parts)}])")


def _latency_of_both() -> MetricQuery:
    """Higher percentile of the two revisions, each with enough requests.

    An alarm on metric math has no `evaluate_low_sample_count_percentiles`, so the expression has its condition.
    """
    query = latency(*TARGETS)
    counted = AwsMetric(namespace="AWS/ApplicationELB", name="RequestCount", stat="Sum", dimensions=TARGETS)
    parts = (f"IF(FILL(rq{id},0)>={MIN_SAMPLES_OF_P95}, FILL(m{id},0), 0)" for id in ("", NEXT))
    metrics = _next_of({**query.metrics, "rq": counted})
    return replace(query, metrics=metrics, expression=f"MAX([{','.join(parts)}])")


def latency(*dimensions: str) -> MetricQuery:
    """95th percentile of the time until a target begins its response, in seconds."""
    return single_metric(
        namespace="AWS/ApplicationELB",
        name="TargetResponseTime",
        stat="p95",
        dimensions=dimensions,
        missing="notBreaching",
    )


UNHEALTHY = MetricQuery(
    {
        "sick": AwsMetric(
            namespace="AWS/ApplicationELB", name="UnHealthyHostCount", stat="Maximum", dimensions=TARGETS
        ),
        "well": AwsMetric(namespace="AWS/ApplicationELB", name="HealthyHostCount", stat="Maximum", dimensions=TARGETS),
    },
    # tasks that start or drain count as neither, so a service without healthy tasks may have no unhealthy ones
    "sick+IF(well<1, 1, 0)",
    # both metrics stop when no target is registered, which is also unhealthy
    missing="breaching",
)
UNHEALTHY_OF_BOTH = replace(
    UNHEALTHY,
    metrics=_next_of(UNHEALTHY.metrics),
    expression="sick+FILL(sick_next,0)+IF(well+FILL(well_next,0)<1, 1, 0)",
)
MISSING_REPLICAS = MetricQuery(
    {
        "wanted": AwsMetric(namespace="ECS/ContainerInsights", name="DesiredTaskCount", stat="Average", dimensions=ECS),
        "running": AwsMetric(
            namespace="ECS/ContainerInsights", name="RunningTaskCount", stat="Average", dimensions=ECS
        ),
    },
    "wanted-running",
)
MISSING_OF_BOTH = replace(
    MISSING_REPLICAS,
    metrics=_next_of(MISSING_REPLICAS.metrics),
    expression="wanted-running+FILL(wanted_next,0)-FILL(running_next,0)",
)
STORAGE = MetricQuery(
    {"free": AwsMetric(namespace="AWS/RDS", name="FreeStorageSpace", stat="Minimum", dimensions=INSTANCE)},
    "100-100*free/{storage_bytes}",
)
BACKUPS = MetricQuery(
    {"m": AwsMetric(namespace="AWS/Events", name="Invocations", stat="Sum", dimensions=("RuleName",))},
    missing="breaching",
    absence=Absence(fewer_than=1, periods=HOURS_WITHOUT_BACKUP),
)
COPIED_BACKUPS = replace(BACKUPS, absence=Absence(fewer_than=1, periods=HOURS_WITHOUT_COPY))
FAILED_RUNS = MetricQuery(
    {
        "failed": AwsMetric(namespace="AWS/States", name="ExecutionsFailed", stat="Sum", dimensions=MACHINE),
        "dropped": AwsMetric(
            namespace="AWS/Scheduler", name="InvocationDroppedCount", stat="Sum", dimensions=("ScheduleGroup",)
        ),
    },
    # a metric without events has no values; a dropped invocation is a run that could not start
    "FILL(failed,0)+FILL(dropped,0)",
    missing="notBreaching",
)
SUCCESSFUL_RUNS = MetricQuery(
    {"m": AwsMetric(namespace="AWS/States", name="ExecutionsSucceeded", stat="Sum", dimensions=MACHINE)},
    missing="breaching",
    absence=Absence(fewer_than=1),
)
MODEL_COST = MetricQuery({}, missing="notBreaching")
"""Stands for the query of its target, whose metrics are those of the models (`resources.py`)."""
REQUESTS = single_metric(namespace="AWS/ApplicationELB", name="RequestCount", stat="Sum", dimensions=TARGETS)
SIGNAL_QUERIES: Mapping[Signal, MetricQuery] = {
    Signal.CPU_PERCENT: _service_metric("AWS/ECS", "CPUUtilization"),
    Signal.MEMORY_PERCENT: _service_metric("AWS/ECS", "MemoryUtilization"),
    Signal.ERROR_PERCENT: replace(errors(*TARGETS), both=_errors_of_both()),
    Signal.LATENCY_P95_SECONDS: replace(latency(*TARGETS), both=_latency_of_both()),
    Signal.UNHEALTHY_REPLICAS: replace(UNHEALTHY, both=UNHEALTHY_OF_BOTH),
    Signal.MISSING_REPLICAS: replace(MISSING_REPLICAS, both=MISSING_OF_BOTH),
    Signal.DATABASE_FAILED_CONNECTIONS: single_metric(
        namespace=LOG_NAMESPACE, name=FAILED_CONNECTIONS, stat="Sum", dimensions=(), missing="notBreaching"
    ),
    Signal.DATABASE_CPU_PERCENT: single_metric("AWS/RDS", "CPUUtilization", "Average", INSTANCE),
    Signal.DATABASE_STORAGE_PERCENT: STORAGE,
    Signal.DATABASE_CONNECTIONS_PERCENT: MetricQuery(
        {"open": AwsMetric(namespace="AWS/RDS", name="DatabaseConnections", stat="Average", dimensions=INSTANCE)},
        "100*open/{max_connections}",
    ),
    Signal.DATABASE_BACKUP_FAILED: BACKUPS,
    Signal.COPIES_DATABASE_MISSING: COPIED_BACKUPS,
    Signal.COPIES_OBJECTS_FAILED: single_metric(
        "AWS/S3", "OperationsFailedReplication", "Sum", REPLICATION, missing="notBreaching"
    ),
    Signal.COPIES_OBJECTS_LAG_SECONDS: single_metric(
        namespace="AWS/S3", name="ReplicationLatency", stat="Maximum", dimensions=REPLICATION, missing="notBreaching"
    ),
    Signal.DATABASE_BACKUP_AGE_SECONDS: single_metric(
        namespace=LOG_NAMESPACE, name=AGE_METRIC, stat="Maximum", dimensions=(), missing="breaching"
    ),
    Signal.DATABASE_DRILL_LEFTOVERS: single_metric(
        namespace=LOG_NAMESPACE, name=LEFTOVERS_METRIC, stat="Maximum", dimensions=(), missing="notBreaching"
    ),
    Signal.DATABASE_REPLICA_LAG_SECONDS: replace(
        single_metric(namespace="AWS/RDS", name="ReplicaLag", stat="Maximum", dimensions=INSTANCE),
        # only a replica reports it; a replica that reports nothing does not replicate
        missing="notBreaching",
        missing_while_passive="breaching",
    ),
    Signal.CACHE_MEMORY_PERCENT: MetricQuery(
        {
            "m": AwsMetric(
                namespace="AWS/ElastiCache", name="DatabaseMemoryUsagePercentage", stat="Average", dimensions=NODE
            )
        },
        "MAX([{nodes}])",
        per_node=True,
    ),
    Signal.CACHE_EVICTIONS: MetricQuery(
        {"m": AwsMetric(namespace="AWS/ElastiCache", name="Evictions", stat="Sum", dimensions=NODE)},
        "SUM([{nodes}])",
        per_node=True,
    ),
    Signal.BLOCKED_PERCENT: BLOCKED_REQUESTS,
    Signal.PERMISSION_CHANGES: PERMISSION_CHANGES,
    Signal.DENIED_FLOWS: single_metric(LOG_NAMESPACE, DENIED_FLOWS, "Sum", dimensions=(), missing="notBreaching"),
    Signal.JOB_FAILED: FAILED_RUNS,
    Signal.JOB_MISSED: SUCCESSFUL_RUNS,
    Signal.COST_USD_PER_HOUR: MODEL_COST,
    Signal.COST_USD_PER_DAY: MODEL_COST,
}
"""CloudWatch query of every signal. Sources: metrics of ECS, Application Load Balancer, RDS, ElastiCache, Step Functions and
EventBridge Scheduler."""
GRAPH_METRICS: Mapping[GraphOnlyMetric, MetricQuery] = {
    GraphOnlyMetric.REQUESTS: replace(
        REQUESTS, both=MetricQuery(_next_of(REQUESTS.metrics), "FILL(m,0)+FILL(m_next,0)")
    ),
    GraphOnlyMetric.SPENDING: single_metric(
        namespace="AWS/Billing", name="EstimatedCharges", stat="Maximum", dimensions=("Currency",)
    ),
}
"""Metrics that the dashboard shows in addition to the signals."""


def service_target(
    stack: str,
    *,
    cluster_name: pulumi.Input[str] | None = None,
    service_name: pulumi.Input[str] | None = None,
    load_balancer: pulumi.Input[str] | None = None,
    target_group: pulumi.Input[str] | None = None,
    new_revision: Mapping[str, pulumi.Input[str]] | None = None,
) -> AwsAlarmTarget:
    """Target of a service: cluster and service for CPU, memory and tasks; ARN suffixes for load balancer metrics.

    The deployment alarm (ERROR_PERCENT) only needs `load_balancer` and `target_group`.
    """
    values = {
        "ClusterName": cluster_name,
        "ServiceName": service_name,
        "LoadBalancer": load_balancer,
        "TargetGroup": target_group,
    }
    dimensions = {name: value for name, value in values.items() if value is not None}
    return AwsAlarmTarget(stack, dimensions, new_revision=new_revision or {})


def next_dimensions(stack: str, service: str, group: aws.lb.TargetGroup | None) -> Mapping[str, pulumi.Input[str]]:
    """Dimensions that differ for the new revision of a service, by its target group; empty without one."""
    if group is None:
        return {}
    return {"ServiceName": next_service_name(stack, service), "TargetGroup": group.arn_suffix}


def of_target(query: MetricQuery, target: AwsAlarmTarget) -> MetricQuery:
    """Query of a target: over both revisions where it has two; raises LookupError for one that knows a single one."""
    if query is MODEL_COST and target.models is not None:
        return target.models
    if not target.new_revision:
        return query
    if query.both is None:
        raise LookupError(f"{', '.join(metric.name for metric in query.metrics.values())} knows no second revision")
    return query.both


def readings(query: MetricQuery, target: AwsAlarmTarget) -> list[MetricReading]:
    """Metrics of a query on a target; raises LookupError when the target lacks a dimension."""
    query = of_target(query, target)
    if query.per_node:
        (metric,) = query.metrics.values()
        (dimension,) = metric.dimensions
        ids = node_ids(target)
        return [
            MetricReading(id, metric.namespace, metric, {dimension: node})
            for id, node in zip(ids, target.nodes, strict=True)
        ]
    return [_reading(id, metric, target) for id, metric in query.metrics.items()]


def expression(query: MetricQuery, target: AwsAlarmTarget) -> str:
    """Metric math of a query on a target; empty for a query of a single metric."""
    return of_target(query, target).expression.format(nodes=",".join(node_ids(target)), **target.sizes)


def node_ids(target: AwsAlarmTarget) -> list[str]:
    """Ids of the cache's nodes in metric math: `n0`, `n1`, ..."""
    return [f"n{number}" for number in range(len(target.nodes))]


def _reading(id: str, metric: AwsMetric, target: AwsAlarmTarget) -> MetricReading:
    known = {**target.dimensions, **metric.values, **(target.new_revision if id.endswith(NEXT) else {})}
    absent = [name for name in metric.dimensions if name not in known]
    if absent:
        raise LookupError(f"{metric.namespace} {metric.name} needs the dimensions {absent}, which the target lacks")
    values = {name: known[name] for name in metric.dimensions}
    return MetricReading(id, metric.namespace.format(stack=target.stack), metric, values)
