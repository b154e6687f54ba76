"""What an alarm or a graph watches: the dimension values and sizes that a row of the metric table asks for.

A target needs only what its rows read, so an alarm on the load balancer's counts can stand before the ECS service
whose deployments it rolls back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from providers.aws.monitoring.metrics import AwsMetric, MetricRow


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
