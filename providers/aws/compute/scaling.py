"""Target tracking on CPU, memory and requests per replica.

Application Auto Scaling adds tasks when one target is exceeded and removes them when all allow it. It counts requests
at the load balancer, so only services with a path have that target. With a rollout in steps both revisions follow the one
that has more requests per task, so that either can take all of them.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.resources import AwsCompute
from providers.aws.compute.revisions import replica_bounds
from providers.aws.entry.ingress import AwsIngress
from providers.contract.component import Scope
from providers.contract.naming import next_part
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Service

PredefinedMetric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
CustomMetric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs
CustomMetricQuery = (
    aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricArgs
)
MetricStatistic = (
    aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatArgs
)
StatisticMetric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricArgs
MetricDimension = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationMetricMetricStatMetricDimensionArgs
ScalingMetric = PredefinedMetric | CustomMetric


def create_autoscaling(
    scope: Scope,
    base: AwsBaseResources,
    ingress: AwsIngress | None,
    compute: AwsCompute,
    positions: Mapping[str, RolloutPosition],
) -> None:
    """Declare a scalable target and its policies for each ECS service whose `replicas.max` is above `replicas.min`."""
    for name, service in base.spec.services.items():
        if service.replicas.max <= service.replicas.min:
            continue
        bounds, metric = replica_bounds(service, positions.get(name)), _requests(name, ingress)
        revisions = {name: compute.services[name]}
        if name in compute.next_services:
            revisions[next_part(name)] = compute.next_services[name]
        for part, ecs_service in revisions.items():
            target = _target(scope, part, bounds, compute, ecs_service)
            _policies(scope, part, service, target, metric, ingress.routes[name] if ingress and metric else ())


def _target(
    scope: Scope, part: str, bounds: tuple[int, int], compute: AwsCompute, ecs_service: aws.ecs.Service
) -> aws.appautoscaling.Target:
    return aws.appautoscaling.Target(
        scope.named(part),
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", compute.cluster_name, "/", ecs_service.name),
        min_capacity=bounds[0],
        max_capacity=bounds[1],
        opts=scope.opts(),
    )


def _policies(
    scope: Scope,
    part: str,
    service: Service,
    target: aws.appautoscaling.Target,
    requests: ScalingMetric | None,
    routes: Sequence[pulumi.Resource],
) -> None:
    """Policies of one ECS service; the one for requests is refused until a rule connects the group to the load balancer."""
    scaling = service.autoscaling
    cpu, memory = (_predefined(f"ECSServiceAverage{name}Utilization") for name in ("CPU", "Memory"))
    _policy(scope, f"{part}-cpu", service, target, scaling.cpu_percent, cpu)
    _policy(scope, f"{part}-memory", service, target, scaling.memory_percent, memory)
    if requests is not None:
        value = scaling.requests_per_replica_per_minute
        _policy(scope, f"{part}-requests", service, target, value, requests, depends_on=routes)


def _requests(name: str, ingress: AwsIngress | None) -> ScalingMetric | None:
    """Requests per minute and task, of the busier revision with a rollout in steps; None without a path."""
    if ingress is None or name not in ingress.target_groups:
        return None
    group, added = ingress.target_groups[name], ingress.next_groups.get(name)
    if added is None:
        label = pulumi.Output.concat(ingress.arn_suffix, "/", group.arn_suffix)
        return _predefined("ALBRequestCountPerTarget", label)
    busier = CustomMetricQuery(
        id="busier", expression="MAX([FILL(stable,0),FILL(next,0)])", label="requests per task", return_data=True
    )
    return CustomMetric(metrics=[_requests_of("stable", group), _requests_of("next", added), busier])


def _requests_of(id: str, group: aws.lb.TargetGroup) -> CustomMetricQuery:
    dimension = MetricDimension(name="TargetGroup", value=group.arn_suffix)
    metric = StatisticMetric(
        namespace="AWS/ApplicationELB", metric_name="RequestCountPerTarget", dimensions=[dimension]
    )
    return CustomMetricQuery(id=id, metric_stat=MetricStatistic(metric=metric, stat="Sum"), return_data=False)


def _predefined(metric: str, label: pulumi.Input[str] | None = None) -> ScalingMetric:
    return PredefinedMetric(predefined_metric_type=metric, resource_label=label)


def _policy(
    scope: Scope,
    part: str,
    service: Service,
    target: aws.appautoscaling.Target,
    value: float,
    metric: ScalingMetric,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
) -> None:
    """Policy that keeps `metric` at `value`: percent of the task's size, or requests per minute and task."""
    aws.appautoscaling.Policy(
        scope.named(part),
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
            target_value=value,
            predefined_metric_specification=metric if isinstance(metric, PredefinedMetric) else None,
            customized_metric_specification=metric if isinstance(metric, CustomMetric) else None,
            scale_out_cooldown=service.autoscaling.scale_out_cooldown_seconds,
            scale_in_cooldown=service.autoscaling.scale_in_cooldown_seconds,
        ),
        opts=scope.opts(depends_on=list(depends_on)),
    )
