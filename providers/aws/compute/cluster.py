"""The cluster: where services run, with metrics of every task and a namespace for calls between services."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.naming import cluster_log_group, cluster_name
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.spec import Service

ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class Cluster:
    """The cluster with its capacity, and the namespace of calls (None when no service calls another)."""

    cluster: aws.ecs.Cluster
    capacity: aws.ecs.ClusterCapacityProviders
    namespace: aws.servicediscovery.HttpNamespace | None


def create_cluster(scope: Scope, base: AwsBaseResources) -> Cluster:
    """The cluster of the region.

    Commands inside running containers (ECS Exec) stay off: its agent writes to the root file system, which is
    read-only here, so there is no session to log either.
    """
    insights = _insights(scope, base)
    cluster = aws.ecs.Cluster(
        scope.named(),
        name=cluster_name(base.context.stack),
        settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enhanced")],
        configuration=aws.ecs.ClusterConfigurationArgs(
            managed_storage_configuration=aws.ecs.ClusterConfigurationManagedStorageConfigurationArgs(
                fargate_ephemeral_storage_kms_key_id=base.keys.data
            )
        ),
        # Container Insights makes its log group, with no retention, as soon as a cluster without one reports
        opts=scope.opts(depends_on=[insights]),
    )
    capacity = aws.ecs.ClusterCapacityProviders(
        scope.named("capacity"),
        cluster_name=cluster.name,
        capacity_providers=[ON_DEMAND, SPOT],
        default_capacity_provider_strategies=[
            aws.ecs.ClusterCapacityProvidersDefaultCapacityProviderStrategyArgs(capacity_provider=ON_DEMAND, weight=1)
        ],
        opts=scope.opts(),
    )
    return Cluster(cluster, capacity, _namespace(scope, base))


def capacity_provider(service: Service, *, production: bool) -> str:
    """Spot for workers outside production; AWS takes a Spot task back with two minutes' notice, which a queue survives."""
    return SPOT if service.port is None and not production else ON_DEMAND


def _insights(scope: Scope, base: AwsBaseResources) -> aws.cloudwatch.LogGroup:
    context = base.context
    return create_log_group(scope, "insights", context, base.keys.telemetry, cluster_log_group(context.stack))


def _namespace(scope: Scope, base: AwsBaseResources) -> aws.servicediscovery.HttpNamespace | None:
    if not any(service.calls for service in base.spec.services.values()):
        return None
    return aws.servicediscovery.HttpNamespace(
        scope.named("calls"), description="Services that call each other", opts=scope.opts()
    )


def namespace_arn(cluster: Cluster) -> pulumi.Output[str]:
    """ARN of the namespace; only asked for when a service calls another."""
    if cluster.namespace is None:
        raise ValueError("no service calls another, so there is no namespace")
    return cluster.namespace.arn
