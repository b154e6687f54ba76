"""Autoscalers of services: Kubernetes' own, or an object of KEDA that creates one."""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.base.secrets import metadata
from providers.kubernetes.compute.scaling import SCALE_OUT_PERCENT, SCALE_OUT_PODS, ReplicaScaling, scaling_of

SCALE_IN_PERIOD_SECONDS = 15
KEDA_VERSION, SCALED_OBJECT = "keda.sh/v1alpha1", "ScaledObject"


class KedaTrigger(TypedDict, total=False):
    """Trigger of a ScaledObject (https://keda.sh/docs/latest/reference/scaledobject-spec/)."""

    type: str
    metricType: str
    metadata: dict[str, str]


def create_autoscaler(
    scope: Scope, base: KubernetesBaseResources, name: str, title: str, deployment: pulumi.Resource
) -> pulumi.Resource:
    """Autoscaler of the Deployment `title` of the service `name`."""
    scaling = scaling_of(base.spec, name, title)
    if scaling.requests_query:
        return _scaled_object(scope, base, name, title, scaling, deployment)
    replicas = base.spec.services[name].replicas
    return kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
        scope.named(f"{title}-autoscaler"),
        metadata=metadata(scope, base.context, title, title),
        spec=kubernetes.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=kubernetes.autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=title
            ),
            min_replicas=replicas.min,
            max_replicas=replicas.max,
            metrics=[
                _utilization(name, "cpu", scaling.cpu_percent),
                _utilization(name, "memory", scaling.memory_percent),
            ],
            behavior=_behavior(scaling),
        ),
        # the target is named, which no Output expresses
        opts=scope.opts(depends_on=[deployment]),
    )


def _utilization(container: str, resource: str, percent: int) -> "kubernetes.autoscaling.v2.MetricSpecArgs":
    """Utilization of the service's own container: a sidecar would dilute that of the pod."""
    return kubernetes.autoscaling.v2.MetricSpecArgs(
        type="ContainerResource",
        container_resource=kubernetes.autoscaling.v2.ContainerResourceMetricSourceArgs(
            container=container,
            name=resource,
            target=kubernetes.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=percent),
        ),
    )


def _behavior(scaling: ReplicaScaling) -> "kubernetes.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs":
    def policy(kind: str, value: int, seconds: int) -> "kubernetes.autoscaling.v2.HPAScalingPolicyArgs":
        return kubernetes.autoscaling.v2.HPAScalingPolicyArgs(type=kind, value=value, period_seconds=seconds)

    period = scaling.scale_out_period_seconds
    return kubernetes.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(
        scale_up=kubernetes.autoscaling.v2.HPAScalingRulesArgs(
            # a window would delay the first step too
            stabilization_window_seconds=0,
            select_policy="Max",
            policies=[policy("Percent", SCALE_OUT_PERCENT, period), policy("Pods", SCALE_OUT_PODS, period)],
        ),
        scale_down=kubernetes.autoscaling.v2.HPAScalingRulesArgs(
            stabilization_window_seconds=scaling.scale_in_window_seconds,
            select_policy="Max",
            policies=[policy("Percent", 100, SCALE_IN_PERIOD_SECONDS)],
        ),
    )


def _scaled_object(
    scope: Scope,
    base: KubernetesBaseResources,
    name: str,
    title: str,
    scaling: ReplicaScaling,
    deployment: pulumi.Resource,
) -> pulumi.Resource:
    replicas = base.spec.services[name].replicas
    period = scaling.scale_out_period_seconds
    policies = [
        {"type": "Percent", "value": SCALE_OUT_PERCENT, "periodSeconds": period},
        {"type": "Pods", "value": SCALE_OUT_PODS, "periodSeconds": period},
    ]
    behavior = {
        "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": policies},
        "scaleDown": {
            "stabilizationWindowSeconds": scaling.scale_in_window_seconds,
            "selectPolicy": "Max",
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": SCALE_IN_PERIOD_SECONDS}],
        },
    }
    return kubernetes.apiextensions.CustomResource(
        scope.named(f"{title}-autoscaler"),
        api_version=KEDA_VERSION,
        kind=SCALED_OBJECT,
        metadata=metadata(scope, base.context, title, title),
        spec={
            "scaleTargetRef": {"name": title},
            "minReplicaCount": replicas.min,
            "maxReplicaCount": replicas.max,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
            "triggers": _triggers(base, name, scaling),
        },
        # the target is named, which no Output expresses
        opts=scope.opts(depends_on=[deployment]),
    )


def _triggers(base: KubernetesBaseResources, name: str, scaling: ReplicaScaling) -> list[KedaTrigger]:
    def utilization(resource: str, percent: int) -> KedaTrigger:
        values = {"value": str(percent), "containerName": name}
        return KedaTrigger(type=resource, metricType="Utilization", metadata=values)

    requests = {
        "serverAddress": base.context.block.keda_prometheus_url or "",
        "query": scaling.requests_query,
        "threshold": str(scaling.requests_per_replica),
    }
    return [
        utilization("cpu", scaling.cpu_percent),
        utilization("memory", scaling.memory_percent),
        KedaTrigger(type="prometheus", metadata=requests),
    ]
