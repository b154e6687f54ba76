"""Container definitions, with AWS's own keys: what runs, as whom, with what, and how its health is told."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.health import container_check
from providers.aws.compute.limits import COLLECTOR_MEMORY_MIB
from providers.aws.compute.sizes import fargate
from providers.aws.naming import task_family
from providers.aws.observability.logs import create_log_group
from providers.aws.observability.metrics_collector import collector_config
from providers.contract.component import Scope
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Health, Service

Container = dict[str, object]
"""One container definition; values may be Outputs."""
NO_ROOT_USER = "10001:10001"
STOP_TIMEOUT_SECONDS = 120
"""Fargate's longest: a copy may finish what it does, and it outlasts the load balancer's deregistration delay."""
TMP_SHARE = 4
"""The temporary directory may take one part in four of the memory of the task."""
LOG_BUFFER = "25m"
COLLECTOR = "metrics_collector"
"""Underscored, as no service's name can be."""
COLLECTOR_IMAGE = (
    "public.ecr.aws/aws-observability/aws-otel-collector"
    "@sha256:7968fb60db6a2390a47ba6a2df029745638486e285c9b2487da1b722d0855a3e"
)
"""AWS's build of the OpenTelemetry collector, v0.50.0."""
ARCHITECTURE = "X86_64"
"""What CI runners and most published images are built for; an image for ARM alone would not start here."""


@dataclass(frozen=True)
class Task:
    """A task definition and the log group its containers write to; `grant` lets them."""

    definition: aws.ecs.TaskDefinition
    log_group: aws.cloudwatch.LogGroup
    grant: aws.iam.RolePolicy


def service_container(
    base: AwsBaseResources, name: str, environment: Environment, log_group: pulumi.Output[str]
) -> Container:
    """The container of a service: no root, nothing writable but /tmp, secrets by reference."""
    service = base.spec.services[name]
    tmp = {"containerPath": "/tmp", "size": fargate(service.size).memory_mib // TMP_SHARE}  # noqa: S108 - a mount, no file
    return {
        **_base(base, name, base.registry.images[name], log_group),
        **_listening(name, service),
        **({"command": list(service.command)} if service.command else {}),
        **_checked(service),
        "essential": True,
        "environment": variables(environment.plain),
        "secrets": secrets(environment.secrets),
        "stopTimeout": STOP_TIMEOUT_SECONDS,
        # a bind mount on Fargate belongs to root, so this user could not write to it; memory belongs to everybody
        "linuxParameters": {**_LINUX, "tmpfs": [{**tmp, "mountOptions": ["rw", "nosuid", "nodev"]}]},
    }


def collector_container(base: AwsBaseResources, config: pulumi.Input[str], log_group: pulumi.Output[str]) -> Container:
    """The collector beside a service, sending its metrics to Prometheus; its end does not end the task."""
    return {
        **_base(base, COLLECTOR, COLLECTOR_IMAGE, log_group),
        "essential": False,
        "memory": COLLECTOR_MEMORY_MIB,
        "environment": variables({"AOT_CONFIG_CONTENT": config}),
        "linuxParameters": _LINUX,
    }


def variables(plain: Mapping[str, pulumi.Input[str]]) -> list[Container]:
    """Environment sorted by name: ECS keeps the order, and another order would be another revision."""
    return [{"name": name, "value": plain[name]} for name in sorted(plain)]


def secrets(references: Mapping[str, SecretRef]) -> list[Container]:
    """Secrets by reference, each pinned to its version: a new value is a new revision, and so reaches the readers."""
    return [{"name": name, "valueFrom": _pinned(references[name])} for name in sorted(references)]


def log_options(base: AwsBaseResources, prefix: str, log_group: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    """Options of the awslogs driver; a full buffer drops lines instead of stopping the service."""
    return {
        "awslogs-group": log_group,
        "awslogs-region": base.context.region,
        "awslogs-stream-prefix": prefix,
        "mode": "non-blocking",
        "max-buffer-size": LOG_BUFFER,
    }


_LINUX: Container = {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}


def _base(base: AwsBaseResources, name: str, image: pulumi.Input[str], log_group: pulumi.Output[str]) -> Container:
    return {
        "name": name,
        "image": image,
        "user": NO_ROOT_USER,
        "readonlyRootFilesystem": True,
        "logConfiguration": {"logDriver": "awslogs", "options": log_options(base, name, log_group)},
    }


def _listening(name: str, service: Service) -> Container:
    if service.port is None:
        return {}
    port = {"name": name, "containerPort": service.port, "protocol": "tcp", "appProtocol": "http"}
    return {"portMappings": [port]}


def _checked(service: Service) -> Container:
    command, health = container_check(service), service.health
    return {"healthCheck": _check(command, health)} if command else {}


def _check(command: tuple[str, ...], health: Health) -> Container:
    return {
        "command": list(command),
        "interval": health.interval_seconds,
        "timeout": health.timeout_seconds,
        "retries": health.unhealthy_threshold,
        "startPeriod": health.start_period_seconds,
    }


def _pinned(secret: SecretRef) -> pulumi.Output[str]:
    """`<arn>:<json key>:<version stage>:<version id>` with the middle two empty: the whole value of one version."""
    return pulumi.Output.concat(secret.reference, ":::", secret.version)


def create_task(scope: Scope, base: AwsBaseResources, name: str, environment: Environment) -> Task:
    """The task definition of a service, smallest Fargate size that fits."""
    log_group = _log_group(scope, base, name)
    grant = _log_grant(scope, base, name, log_group)
    size = fargate(base.spec.services[name].size)
    definition = aws.ecs.TaskDefinition(
        scope.named(f"{name}-task"),
        family=task_family(base.context.stack, name),
        container_definitions=pulumi.Output.json_dumps(_container_definitions(base, name, environment, log_group)),
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


def _container_definitions(
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
