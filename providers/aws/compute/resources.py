"""ECS on Fargate: one cluster, and one ECS service for each service of the spec.

A replica is a task with its own address in the private subnets. Containers run without root, on a read-only file system
and without Linux capabilities; their AWS permissions are those of their task role.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.secrets import create_secret
from providers.aws.compute.calls import start_order
from providers.aws.compute.containers import create_task
from providers.aws.compute.revisions import new_revision_runs
from providers.aws.compute.service import (
    ON_DEMAND,
    SPOT,
    Cluster,
    EcsServiceInputs,
    create_service,
    new_revision,
    stable_revision,
)
from providers.aws.entry.ingress import AwsIngress
from providers.aws.monitoring.alarms import create_alarm
from providers.aws.monitoring.metrics import next_dimensions, service_target
from providers.aws.naming import cluster_log_group, cluster_name
from providers.aws.observability.logs import create_log_group
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.component import Scope
from providers.contract.credentials import ImageCredentials, image_credentials
from providers.contract.results import Environment, SecretRef
from providers.contract.rollout import RolloutPosition


@dataclass(frozen=True)
class AwsCompute:
    """Cluster name, and by service name its ECS service and log group."""

    cluster_name: pulumi.Output[str]
    services: Mapping[str, aws.ecs.Service]
    next_services: Mapping[str, aws.ecs.Service]
    """ECS services of new revisions, during their rollout in steps."""
    log_groups: Mapping[str, aws.cloudwatch.LogGroup]
    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]
    """Alarms that also roll deployments back, by rule key; monitoring includes them and declares the others."""
    credentials: Mapping[str, SecretRef]
    """Registry credentials by the name of the stack's secret."""


def create_compute(
    scope: Scope,
    base: AwsBaseResources,
    ingress: AwsIngress | None,
    environments: Mapping[str, Environment],
    positions: Mapping[str, RolloutPosition],
) -> AwsCompute:
    """Declare the cluster, and per service a task definition, a log group and an ECS service for each revision."""
    spec = base.spec
    cluster = create_cluster(scope, base)
    credentials = create_image_credentials(scope, base)
    tasks = {
        name: create_task(scope, base, name, environments[name], credentials.get(service.image_credentials or ""))
        for name, service in spec.services.items()
    }
    rules = {name: base.context.alarm_rules.rule(name, Signal.ERROR_PERCENT) for name in spec.public}
    alarms = {name: _deployment_alarm(scope, base, ingress, rule) for name, rule in rules.items() if ingress}
    services: dict[str, aws.ecs.Service] = {}
    added: dict[str, aws.ecs.Service] = {}
    for name in start_order(spec):
        service, position = spec.services[name], positions.get(name)
        callees = tuple(services[callee] for callee in service.calls)
        inputs = EcsServiceInputs(name, service, tasks[name], environments[name], alarms.get(name), callees, position)
        stable = stable_revision(base, ingress, inputs)
        services[name] = create_service(scope, base, ingress, cluster, inputs, stable)
        if ingress is not None and new_revision_runs(position):
            added[name] = create_service(scope, base, ingress, cluster, inputs, new_revision(base, ingress, inputs))
    return AwsCompute(
        cluster_name=cluster.cluster.name,
        services=services,
        next_services=added,
        log_groups={name: task.log_group for name, task in tasks.items()},
        alarms={rules[name].key: alarm for name, alarm in alarms.items()},
        credentials=credentials,
    )


def create_image_credentials(scope: Scope, base: AwsBaseResources) -> dict[str, SecretRef]:
    """Declare the registry credentials by the name of the stack's secret, each readable by the services that name it.

    ECS reads a secret in JSON before it pulls (Amazon ECS developer guide, "Using non-AWS container images"). The same value
    as a variable of a service is another secret, so that no container can read credentials of a registry.
    """
    services = base.spec.services
    return {
        name: create_secret(
            scope,
            base,
            f"registry-{name}",
            _registry_login(image_credentials(base.context.values.secret(name))),
            [service for service in services if services[service].image_credentials == name],
        )
        for name in base.spec.image_credentials
    }


def _registry_login(credentials: ImageCredentials) -> pulumi.Output[str]:
    login = {"username": credentials.username, "password": credentials.password}
    return pulumi.Output.secret(pulumi.Output.json_dumps(login))


def _deployment_alarm(
    scope: Scope, base: AwsBaseResources, ingress: AwsIngress, rule: AlarmRule
) -> aws.cloudwatch.MetricAlarm:
    target = service_target(
        base.context.stack,
        load_balancer=ingress.arn_suffix,
        target_group=ingress.target_groups[rule.name].arn_suffix,
        new_revision=next_dimensions(base.context.stack, rule.name, ingress.next_groups.get(rule.name)),
    )
    return create_alarm(scope, rule, base.channels, target)


def create_cluster(scope: Scope, base: AwsBaseResources) -> Cluster:
    """Cluster of the region, with metrics of every task.

    Commands inside running containers (ECS Exec) are disabled: the agent writes to the root file system, which is
    read-only here.
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
        # Container Insights creates its log group, without retention, when a cluster reports before the group exists
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


def _insights(scope: Scope, base: AwsBaseResources) -> aws.cloudwatch.LogGroup:
    context = base.context
    return create_log_group(scope, "insights", context, base.keys.telemetry, cluster_log_group(context.stack))


def _namespace(scope: Scope, base: AwsBaseResources) -> aws.servicediscovery.HttpNamespace | None:
    if not any(service.calls for service in base.spec.services.values()):
        return None
    return aws.servicediscovery.HttpNamespace(
        scope.named("calls"), description="Services that call each other", opts=scope.opts()
    )
