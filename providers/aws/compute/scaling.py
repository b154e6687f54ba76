"""Target tracking on CPU, memory and requests per replica.

Application Auto Scaling adds tasks when one target is exceeded and removes them when all allow it. It counts requests
at the load balancer, so only services with a path have that target.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.resources import AwsCompute
from providers.aws.entry.ingress import AwsIngress
from providers.contract.component import Scope
from providers.contract.spec import Service


def create_autoscaling(scope: Scope, base: AwsBaseResources, ingress: AwsIngress | None, compute: AwsCompute) -> None:
    """Declare a scalable target and its policies for each service whose `replicas.max` is above `replicas.min`."""
    for name, service in base.spec.services.items():
        if service.replicas.max <= service.replicas.min:
            continue
        scaling = service.autoscaling
        target = _target(scope, name, service, compute)
        _policy(scope, f"{name}-cpu", service, target, scaling.cpu_percent, "ECSServiceAverageCPUUtilization")
        _policy(scope, f"{name}-memory", service, target, scaling.memory_percent, "ECSServiceAverageMemoryUtilization")
        if ingress is not None and name in ingress.target_groups:
            _requests_policy(scope, name, service, target, ingress)


def _target(scope: Scope, name: str, service: Service, compute: AwsCompute) -> aws.appautoscaling.Target:
    return aws.appautoscaling.Target(
        scope.named(name),
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", compute.cluster_name, "/", compute.services[name].name),
        min_capacity=service.replicas.min,
        max_capacity=service.replicas.max,
        opts=scope.opts(),
    )


def _requests_policy(
    scope: Scope, name: str, service: Service, target: aws.appautoscaling.Target, ingress: AwsIngress
) -> None:
    _policy(
        scope,
        f"{name}-requests",
        service,
        target,
        service.autoscaling.requests_per_replica_per_minute,
        "ALBRequestCountPerTarget",
        resource_label=pulumi.Output.concat(ingress.arn_suffix, "/", ingress.target_groups[name].arn_suffix),
        # the label is refused until a listener rule connects the target group to the load balancer
        depends_on=ingress.routes[name],
    )


def _policy(
    scope: Scope,
    part: str,
    service: Service,
    target: aws.appautoscaling.Target,
    value: float,
    metric: str,
    *,
    resource_label: pulumi.Input[str] | None = None,
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
            predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                predefined_metric_type=metric, resource_label=resource_label
            ),
            scale_out_cooldown=service.autoscaling.scale_out_cooldown_seconds,
            scale_in_cooldown=service.autoscaling.scale_in_cooldown_seconds,
        ),
        opts=scope.opts(depends_on=list(depends_on)),
    )
