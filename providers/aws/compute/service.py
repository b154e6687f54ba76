"""ECS services: replicas across zones, rolling deployments with rollback, and Service Connect between services.

A deployment starts new tasks next to the old ones. It rolls back when new tasks do not become healthy (circuit breaker)
or when a public service fails requests (alarm); `up` waits for the result and fails with it.

Only services that call or are called join Service Connect, whose proxy in each task finds the tasks of the callee and
balances over them. A callee publishes its port under its own name; a caller publishes nothing. Security groups decide
which service may connect to which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.containers import Task, log_options
from providers.aws.compute.revisions import replica_bounds, stable_tasks
from providers.aws.entry.ingress import AwsIngress
from providers.aws.entry.routes import deregistration_delay_seconds
from providers.aws.naming import next_service_name
from providers.contract.component import Scope
from providers.contract.naming import next_part
from providers.contract.results import Environment
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import Service

STEADY_STATE_MINUTES = 30
"""Stopping takes up to two minutes, starting several, and the alarm is evaluated for a while after that. Draining the load
balancer's connections comes on top.
"""
PROXY_STREAM = "proxy"
NO_LIMIT = 0
ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class EcsServiceInputs:
    """Task definition and dependencies of the ECS services of one service, and the position of its rollout in steps."""

    name: str
    service: Service
    task: Task
    environment: Environment
    alarm: aws.cloudwatch.MetricAlarm | None
    callees: tuple[pulumi.Resource, ...]
    position: RolloutPosition | None = None


@dataclass(frozen=True)
class EcsRevision:
    """Settings that differ between the ECS services of the stable and of a new revision."""

    part: str
    """Part of the logical name."""
    definition: pulumi.Input[str]
    replicas: int
    group: aws.lb.TargetGroup | None
    alarm: aws.cloudwatch.MetricAlarm | None = None
    publishes: bool = False
    """True when callers reach its tasks by the name of the service."""
    name: str | None = None
    rules: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True)
class Cluster:
    """Cluster with its capacity providers, and the namespace of calls (None when no service calls another)."""

    cluster: aws.ecs.Cluster
    capacity: aws.ecs.ClusterCapacityProviders
    namespace: aws.servicediscovery.HttpNamespace | None


def stable_revision(base: AwsBaseResources, ingress: AwsIngress | None, inputs: EcsServiceInputs) -> EcsRevision:
    """Revision that serves: that of the file, or during a rollout in steps the one from before it."""
    name, tasks = inputs.name, stable_tasks(inputs.position, inputs.name, inputs.service)
    return EcsRevision(
        name,
        base.context.arn("ecs", f"task-definition/{tasks.definition}") if tasks else inputs.task.definition.arn,
        inputs.service.replicas.min,
        ingress.target_groups.get(name) if ingress else None,
        inputs.alarm,
        publishes=bool(base.spec.callers_of(name)),
    )


def new_revision(base: AwsBaseResources, ingress: AwsIngress, inputs: EcsServiceInputs) -> EcsRevision:
    """Revision that is rolled out in steps, with as many tasks as the stable one had; no alarm rolls it back."""
    name = inputs.name
    rule = ingress.smoke_rules.get(name)
    return EcsRevision(
        next_part(name),
        inputs.task.definition.arn,
        replica_bounds(inputs.service, inputs.position)[0],
        ingress.next_groups[name],
        name=next_service_name(base.context.stack, name),
        # a new rule takes some seconds, which pass while the tasks start
        rules=(rule,) if rule else (),
    )


def create_service(
    scope: Scope,
    base: AwsBaseResources,
    ingress: AwsIngress | None,
    cluster: Cluster,
    inputs: EcsServiceInputs,
    revision: EcsRevision,
) -> aws.ecs.Service:
    """ECS service of one revision of a service of the spec."""
    name, service = inputs.name, inputs.service
    load_balancers = _load_balancers(revision.group, name, service)
    drain_seconds = deregistration_delay_seconds(base.spec.ingress) if load_balancers else 0
    timeout = steady_state_timeout(drain_seconds)
    return aws.ecs.Service(
        scope.named(revision.part),
        name=revision.name,
        cluster=cluster.cluster.arn,
        task_definition=revision.definition,
        desired_count=revision.replicas,
        capacity_provider_strategies=[_capacity(base, service)],
        # without it the provider refuses another capacity provider, as of a worker that gets a port or becomes production
        force_new_deployment=True,
        platform_version="LATEST",
        network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
            subnets=base.network.private_subnet_ids,
            security_groups=[base.network.groups.services[name].id],
            assign_public_ip=False,
        ),
        load_balancers=load_balancers,
        health_check_grace_period_seconds=service.health.start_period_seconds if load_balancers else None,
        service_connect_configuration=service_connect(base, cluster, inputs, publishes=revision.publishes),
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
        alarms=_alarms(revision.alarm),
        availability_zone_rebalancing="ENABLED",
        enable_execute_command=False,
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        wait_for_steady_state=True,
        sigint_rollback=True,
        opts=scope.opts(
            depends_on=[*_dependencies(base, ingress, cluster, inputs), *revision.rules],
            # autoscaling changes the count; with equal bounds it follows the spec
            ignore_changes=["desiredCount"] if service.replicas.max > service.replicas.min else [],
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout, delete=timeout),
            # two services cannot have one name
            delete_before_replace=revision.name is not None,
        ),
    )


def steady_state_timeout(drain_seconds: int) -> str:
    """Time for a deployment, or for the deletion of a service, whose load balancer drains for `drain_seconds`."""
    return f"{STEADY_STATE_MINUTES + ceil(drain_seconds / 60)}m"


def _dependencies(
    base: AwsBaseResources, ingress: AwsIngress | None, cluster: Cluster, inputs: EcsServiceInputs
) -> Iterator[pulumi.Resource]:
    """Resources that must exist before the tasks start and that no Output of the service's inputs refers to."""
    # tasks pull images and secrets through routes, endpoints and security group rules
    yield from base.network.prerequisites(inputs.name)
    # roles pull, invoke, read, log and write metrics by separate policies; on destroy these must outlive the tasks
    yield from base.registry.grants.get(inputs.name, ())
    yield from base.identity.grants.get(inputs.name, ())
    yield from inputs.environment.prerequisites(inputs.name)
    yield from inputs.task.grants
    if inputs.task.credentials is not None:
        yield from inputs.task.credentials.prerequisites(inputs.name)
    if base.prometheus is not None:
        yield from base.prometheus.grants.get(inputs.name, ())
    # a strategy may only name capacity providers that the cluster has
    yield cluster.capacity
    # ECS refuses a target group that no listener rule connects to a load balancer
    if ingress is not None:
        yield from ingress.routes.get(inputs.name, ())
    # a task only learns callees that exist when its deployment begins
    yield from inputs.callees


def _capacity(base: AwsBaseResources, service: Service) -> aws.ecs.ServiceCapacityProviderStrategyArgs:
    provider = capacity_provider(service, production=base.context.production)
    return aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider=provider, weight=1)


def _load_balancers(
    group: aws.lb.TargetGroup | None, name: str, service: Service
) -> list[aws.ecs.ServiceLoadBalancerArgs] | None:
    if group is None:
        return None
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
    base: AwsBaseResources, cluster: Cluster, inputs: EcsServiceInputs, *, publishes: bool
) -> aws.ecs.ServiceServiceConnectConfigurationArgs | None:
    """Service Connect configuration; None for tasks that neither call nor are called."""
    name = inputs.name
    if not (inputs.service.calls or publishes):
        return None
    return aws.ecs.ServiceServiceConnectConfigurationArgs(
        enabled=True,
        namespace=namespace_arn(cluster),
        services=[_published_port(base, name)] if publishes else None,
        log_configuration=aws.ecs.ServiceServiceConnectConfigurationLogConfigurationArgs(
            log_driver="awslogs", options=log_options(base, PROXY_STREAM, inputs.task.log_group.name)
        ),
        access_log_configuration=aws.ecs.ServiceServiceConnectConfigurationAccessLogConfigurationArgs(format="JSON"),
    )


def _published_port(base: AwsBaseResources, name: str) -> aws.ecs.ServiceServiceConnectConfigurationServiceArgs:
    port = base.spec.services[name].port or 0
    return aws.ecs.ServiceServiceConnectConfigurationServiceArgs(
        port_name=name,
        discovery_name=name,
        client_alias=[aws.ecs.ServiceServiceConnectConfigurationServiceClientAliasArgs(port=port, dns_name=name)],
        timeout=aws.ecs.ServiceServiceConnectConfigurationServiceTimeoutArgs(
            # the proxy's default request timeout of 15 seconds would interrupt the answers of agents
            per_request_timeout_seconds=NO_LIMIT,
            idle_timeout_seconds=base.spec.ingress.idle_timeout_seconds,
        ),
    )


def capacity_provider(service: Service, *, production: bool) -> str:
    """FARGATE_SPOT for workers outside production; a queue survives the two-minute notice of a Spot interruption."""
    return SPOT if service.port is None and not production else ON_DEMAND


def namespace_arn(cluster: Cluster) -> pulumi.Output[str]:
    """ARN of the namespace; raises ValueError when no service calls another."""
    if cluster.namespace is None:
        raise ValueError("no service calls another, so there is no namespace")
    return cluster.namespace.arn
