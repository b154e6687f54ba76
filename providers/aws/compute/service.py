"""A service of the cluster: copies across the zones, replaced only by copies that prove their health.

A deployment starts new copies beside the old ones. It goes back by itself when they do not become healthy (circuit
breaker) or when a public service answers with errors (alarm); `up` waits for the end and fails with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.calls import connected
from providers.aws.compute.containers import Task, log_options
from providers.aws.entry.ingress import AwsIngress
from providers.contract.component import Scope
from providers.contract.results import Environment
from providers.contract.spec import Service

MINUTES_TO_SETTLE = "30m"
"""Old copies may take two minutes to stop, new ones minutes to start, and the alarm watches a while after that."""


@dataclass(frozen=True)
class Starting:
    """All that one service starts from."""

    name: str
    service: Service
    task: Task
    environment: Environment
    alarm: aws.cloudwatch.MetricAlarm | None
    callees: tuple[pulumi.Resource, ...]


PROXY_STREAM = "proxy"
NO_LIMIT = 0
ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class Cluster:
    """The cluster with its capacity, and the namespace of calls (None when no service calls another)."""

    cluster: aws.ecs.Cluster
    capacity: aws.ecs.ClusterCapacityProviders
    namespace: aws.servicediscovery.HttpNamespace | None


def create_service(
    scope: Scope, base: AwsBaseResources, ingress: AwsIngress | None, cluster: Cluster, starting: Starting
) -> aws.ecs.Service:
    """The ECS service of a service of the spec."""
    name, service = starting.name, starting.service
    load_balancers = _load_balancers(ingress, name, service)
    return aws.ecs.Service(
        scope.named(name),
        cluster=cluster.cluster.arn,
        task_definition=starting.task.definition.arn,
        desired_count=service.replicas.min,
        capacity_provider_strategies=[_capacity(base, service)],
        platform_version="LATEST",
        network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
            subnets=base.network.private_subnet_ids,
            security_groups=[base.network.groups.services[name].id],
            assign_public_ip=False,
        ),
        load_balancers=load_balancers,
        health_check_grace_period_seconds=service.health.start_period_seconds if load_balancers else None,
        service_connect_configuration=service_connect(base, cluster, name, starting.task.log_group.name),
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
        alarms=_alarms(starting.alarm),
        availability_zone_rebalancing="ENABLED",
        enable_execute_command=False,
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        wait_for_steady_state=True,
        sigint_rollback=True,
        opts=scope.opts(
            depends_on=list(_before(base, ingress, cluster, starting)),
            # from then on autoscaling moves it; an equal pair of bounds leaves it to the spec
            ignore_changes=["desiredCount"] if service.replicas.max > service.replicas.min else [],
            custom_timeouts=pulumi.CustomTimeouts(create=MINUTES_TO_SETTLE, update=MINUTES_TO_SETTLE),
        ),
    )


def _before(
    base: AwsBaseResources, ingress: AwsIngress | None, cluster: Cluster, starting: Starting
) -> Iterator[pulumi.Resource]:
    """What no Output of the service's inputs names, in the order in which its absence would be felt."""
    # tasks pull images and secrets through routes, endpoints and rules of the security groups
    yield from base.network.ready
    # roles pull, invoke, read, log and write metrics by policies beside them; on destroy these must outlive the tasks
    yield from base.registry.grants.get(starting.name, ())
    yield from base.identity.grants.get(starting.name, ())
    for secret in starting.environment.secrets.values():
        yield from secret.grants
    yield starting.task.grant
    if base.prometheus is not None:
        yield from base.prometheus.grants.get(starting.name, ())
    # a strategy may name a capacity provider only after the cluster has it
    yield cluster.capacity
    # ECS refuses a target group that no rule ties to a load balancer
    if ingress is not None:
        yield from ingress.routes.get(starting.name, ())
    # a task learns the callees that stand when its deployment begins, and no later ones
    yield from starting.callees


def _capacity(base: AwsBaseResources, service: Service) -> aws.ecs.ServiceCapacityProviderStrategyArgs:
    provider = capacity_provider(service, production=base.context.production)
    return aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider=provider, weight=1)


def _load_balancers(
    ingress: AwsIngress | None, name: str, service: Service
) -> list[aws.ecs.ServiceLoadBalancerArgs] | None:
    if ingress is None or name not in ingress.target_groups:
        return None
    group = ingress.target_groups[name]
    return [
        aws.ecs.ServiceLoadBalancerArgs(
            target_group_arn=group.arn, container_name=name, container_port=service.port or 0
        )
    ]


def _alarms(alarm: aws.cloudwatch.MetricAlarm | None) -> aws.ecs.ServiceAlarmsArgs | None:
    if alarm is None:
        return None
    return aws.ecs.ServiceAlarmsArgs(enable=True, rollback=True, alarm_names=[alarm.name])


def service_connect(
    base: AwsBaseResources, cluster: Cluster, name: str, log_group: pulumi.Output[str]
) -> aws.ecs.ServiceServiceConnectConfigurationArgs | None:
    """How a service joins the namespace; None for one that neither calls nor is called."""
    if not connected(base.spec, name):
        return None
    return aws.ecs.ServiceServiceConnectConfigurationArgs(
        enabled=True,
        namespace=namespace_arn(cluster),
        services=[_published(base, name)] if base.spec.callers_of(name) else None,
        log_configuration=aws.ecs.ServiceServiceConnectConfigurationLogConfigurationArgs(
            log_driver="awslogs", options=log_options(base, PROXY_STREAM, log_group)
        ),
        access_log_configuration=aws.ecs.ServiceServiceConnectConfigurationAccessLogConfigurationArgs(format="JSON"),
    )


def _published(base: AwsBaseResources, name: str) -> aws.ecs.ServiceServiceConnectConfigurationServiceArgs:
    port = base.spec.services[name].port or 0
    return aws.ecs.ServiceServiceConnectConfigurationServiceArgs(
        port_name=name,
        discovery_name=name,
        client_alias=[aws.ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs(port=port, dns_name=name)],
        timeout=aws.ecs.ServiceServiceConnectConfigurationServiceTimeoutArgs(
            # the proxy ends a request after 15 seconds unless told otherwise, in the middle of an agent's answer
            per_request_timeout_seconds=NO_LIMIT,
            idle_timeout_seconds=base.spec.ingress.idle_timeout_seconds,
        ),
    )


def capacity_provider(service: Service, *, production: bool) -> str:
    """Spot for workers outside production; AWS takes a Spot task back with two minutes' notice, which a queue survives."""
    return SPOT if service.port is None and not production else ON_DEMAND


def namespace_arn(cluster: Cluster) -> pulumi.Output[str]:
    """ARN of the namespace; only asked for when a service calls another."""
    if cluster.namespace is None:
        raise ValueError("no service calls another, so there is no namespace")
    return cluster.namespace.arn
