"""The services: ECS on Fargate, one cluster, one ECS service for each service of the spec.

Fargate has no machines to keep, so a copy is a task with an address of its own in the private subnets. Containers run
without root, on a read-only file system, with no capability; what they may do in AWS is their task role's alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.cluster import create_cluster
from providers.aws.compute.service import Starting, create_service
from providers.aws.compute.start_order import start_order
from providers.aws.compute.task import create_task
from providers.aws.entry.ingress import AwsIngress
from providers.aws.monitoring.alarms import create_alarm
from providers.aws.monitoring.targets import service_target
from providers.contract.alarms import AlarmRule, Signal
from providers.contract.component import Scope
from providers.contract.results import Environment


@dataclass(frozen=True)
class AwsCompute:
    """The cluster, and by service name its ECS service, log group and deployment alarms."""

    cluster_name: pulumi.Output[str]
    services: Mapping[str, aws.ecs.Service]
    log_groups: Mapping[str, aws.cloudwatch.LogGroup]
    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]
    """Alarms that also roll a deployment back, by rule key; monitoring draws them but does not make them again."""


def create_compute(
    scope: Scope, base: AwsBaseResources, ingress: AwsIngress | None, environments: Mapping[str, Environment]
) -> AwsCompute:
    """One cluster; per service a task definition, a log group and a service."""
    spec = base.spec
    cluster = create_cluster(scope, base)
    tasks = {name: create_task(scope, base, name, environments[name]) for name in spec.services}
    rules = {name: base.context.alarm_rules.rule(name, Signal.ERROR_PERCENT) for name in spec.public}
    alarms = {name: _deployment_alarm(scope, base, ingress, rule) for name, rule in rules.items() if ingress}
    services: dict[str, aws.ecs.Service] = {}
    for name in start_order(spec):
        service = spec.services[name]
        callees = tuple(services[callee] for callee in service.calls)
        starting = Starting(name, service, tasks[name], environments[name], alarms.get(name), callees)
        services[name] = create_service(scope, base, ingress, cluster, starting)
    return AwsCompute(
        cluster_name=cluster.cluster.name,
        services=services,
        log_groups={name: task.log_group for name, task in tasks.items()},
        alarms={rules[name].key: alarm for name, alarm in alarms.items()},
    )


def _deployment_alarm(
    scope: Scope, base: AwsBaseResources, ingress: AwsIngress, rule: AlarmRule
) -> aws.cloudwatch.MetricAlarm:
    target = service_target(
        base.context.stack,
        load_balancer=ingress.arn_suffix,
        target_group=ingress.target_groups[rule.name].arn_suffix,
    )
    return create_alarm(scope, rule, base.channels, target)
