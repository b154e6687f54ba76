"""What one copy of a service is: a task definition, its log, and the right of the agent that starts it to write there."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.containers import COLLECTOR, Container, collector_container, service_container
from providers.aws.naming import task_family
from providers.aws.observability.logs import create_log_group
from providers.aws.observability.metrics_collector import collector_config
from providers.aws.sizes import fargate
from providers.contract.component import Scope
from providers.contract.results import Environment

ARCHITECTURE = "X86_64"
"""What CI runners and most published images are built for; an image for ARM alone would not start here."""


@dataclass(frozen=True)
class Task:
    """A task definition and the log group its containers write to; `grant` lets them."""

    definition: aws.ecs.TaskDefinition
    log_group: aws.cloudwatch.LogGroup
    grant: aws.iam.RolePolicy


def create_task(scope: Scope, base: AwsBaseResources, name: str, environment: Environment) -> Task:
    """The task definition of a service, smallest Fargate size that fits."""
    log_group = _log_group(scope, base, name)
    grant = _log_grant(scope, base, name, log_group)
    size = fargate(base.spec.services[name].size)
    definition = aws.ecs.TaskDefinition(
        scope.named(f"{name}-task"),
        family=task_family(base.context.stack, name),
        container_definitions=pulumi.Output.json_dumps(_containers(base, name, environment, log_group)),
        cpu=str(size.cpu_units),
        memory=str(size.memory_mib),
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture=ARCHITECTURE, operating_system_family="LINUX"
        ),
        execution_role_arn=base.identity.execution[name].arn,
        task_role_arn=base.identity.task[name].arn,
        # a deployment that fails rolls back to the revision before, which must still exist
        skip_destroy=True,
        opts=scope.opts(),
    )
    return Task(definition, log_group, grant)


def _containers(
    base: AwsBaseResources, name: str, environment: Environment, log_group: aws.cloudwatch.LogGroup
) -> list[Container]:
    """The service, and beside one with a port the collector of its metrics where Prometheus is asked for."""
    container, service = service_container(base, name, environment, log_group.name), base.spec.services[name]
    if base.prometheus is None or service.port is None:
        return [container]
    collector = collector_container(base, collector_config(base.prometheus, name, service), log_group.name)
    return [{**container, "dependsOn": [{"containerName": COLLECTOR, "condition": "START"}]}, collector]


def _log_group(scope: Scope, base: AwsBaseResources, name: str) -> aws.cloudwatch.LogGroup:
    context = base.context
    return create_log_group(scope, f"{name}-log", context, base.keys.telemetry, context.log_group("services", name))


def _log_grant(
    scope: Scope, base: AwsBaseResources, name: str, log_group: aws.cloudwatch.LogGroup
) -> aws.iam.RolePolicy:
    """The awslogs driver writes with the execution role, and so does the proxy of Service Connect."""
    streams = pulumi.Output.concat(log_group.arn, ":*")
    return aws.iam.RolePolicy(
        scope.named(f"{name}-log-grant"),
        role=base.identity.execution[name].id,
        policy=document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams)),
        opts=scope.opts(),
    )
