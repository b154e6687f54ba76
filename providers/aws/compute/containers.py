"""Task definitions: the container of a service, its collector, its log and the permissions to write log and spans."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.health import container_check
from providers.aws.compute.limits import COLLECTOR_MEMORY_MIB, tmp_mib
from providers.aws.compute.sizes import fargate
from providers.aws.naming import task_family
from providers.aws.observability.collector import WRITE_SPANS, CollectorPipeline, collector_config, spans_pipeline
from providers.aws.observability.logs import create_log_group
from providers.aws.observability.metrics_collector import metrics_pipeline
from providers.contract.component import Scope
from providers.contract.prometheus import scrape_endpoint
from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Health, Service
from providers.contract.spec.service import Architecture

Container = dict[str, object]
"""Container definition with AWS's keys; values may be Outputs."""
NO_ROOT_USER = "10001:10001"
STOP_TIMEOUT_SECONDS = 120
"""Maximum on Fargate. ECS sends SIGTERM once the load balancer has drained the task ("Optimize load balancer connection
draining parameters", developer guide), so this time is for what a worker or a caller inside the VPC still waits for.
"""
HOME = "/tmp"  # noqa: S108 - a path in the container
"""Only writable folder: libraries that write to ~/.cache or ~/.config would fail on a read-only root file system."""
LOG_BUFFER_SIZE = "25m"
COLLECTOR = "metrics_collector"
"""Contains an underscore, which service names cannot."""
COLLECTOR_IMAGE = (
    "public.ecr.aws/aws-observability/aws-otel-collector"
    "@sha256:7968fb60db6a2390a47ba6a2df029745638486e285c9b2487da1b722d0855a3e"
)
"""AWS Distro for OpenTelemetry collector, v0.50.0, for amd64 and arm64 (aws-observability/aws-otel-collector#274)."""
CPU_ARCHITECTURES: Mapping[Architecture, str] = {"amd64": "X86_64", "arm64": "ARM64"}
"""Amazon ECS API reference, `RuntimePlatform`. Fargate Spot runs both."""
_LINUX: Container = {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}}


@dataclass(frozen=True)
class Task:
    """Task definition, the log group of its containers, the policies that let them write, and registry credentials."""

    definition: aws.ecs.TaskDefinition
    log_group: aws.cloudwatch.LogGroup
    grants: tuple[aws.iam.RolePolicy, ...]
    credentials: SecretRef | None


def create_task(
    scope: Scope, base: AwsBaseResources, name: str, environment: Environment, credentials: SecretRef | None
) -> Task:
    """Task definition of a service, in the smallest Fargate size that fits; `credentials` are those of its registry."""
    log_group = _log_group(scope, base, name)
    grants = (_log_grant(scope, base, name, log_group), *_span_grants(scope, base, name))
    containers = _container_definitions(base, name, environment, log_group, credentials)
    # a failed deployment rolls back to the previous revision, which must still exist
    definition = define_task(scope, base, name, name, containers, skip_destroy=True)
    return Task(definition, log_group, grants, credentials)


def define_task(
    scope: Scope,
    base: AwsBaseResources,
    name: str,
    service_name: str,
    containers: list[Container],
    skip_destroy: bool | None = None,
) -> aws.ecs.TaskDefinition:
    """Task definition `name` with the size, processor architecture and roles of a service."""
    service = base.spec.services[service_name]
    size = fargate(service.size)
    return aws.ecs.TaskDefinition(
        scope.named(f"{name}-task"),
        family=task_family(base.context.stack, name),
        container_definitions=pulumi.Output.json_dumps(containers),
        cpu=str(size.cpu_units),
        memory=str(size.memory_mib),
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture=CPU_ARCHITECTURES[service.architecture], operating_system_family="LINUX"
        ),
        execution_role_arn=base.identity.execution[service_name].arn,
        task_role_arn=base.identity.task[service_name].arn,
        skip_destroy=skip_destroy,
        opts=scope.opts(),
    )


def _container_definitions(
    base: AwsBaseResources,
    name: str,
    environment: Environment,
    log_group: aws.cloudwatch.LogGroup,
    credentials: SecretRef | None,
) -> list[Container]:
    """Container of the service, and its collector of metrics and spans where it has one."""
    container = {
        **service_container(base, name, environment, log_group.name),
        **({"repositoryCredentials": {"credentialsParameter": credentials.reference}} if credentials else {}),
    }
    pipelines = _pipelines(base, name)
    if not pipelines:
        return [container]
    collector = collector_container(base, collector_config(pipelines), log_group.name)
    return [{**container, "dependsOn": [{"containerName": COLLECTOR, "condition": "START"}]}, collector]


def _pipelines(base: AwsBaseResources, name: str) -> list[CollectorPipeline]:
    """Pipelines of the collector beside a service; without any, it has no collector."""
    endpoint = scrape_endpoint(base.spec.services[name])
    metrics = [metrics_pipeline(base.prometheus, name, endpoint)] if base.prometheus and endpoint else []
    tracing = base.spec.monitoring.tracing
    return [*metrics, *([spans_pipeline(base.context.region, tracing)] if tracing else [])]


def _log_group(scope: Scope, base: AwsBaseResources, name: str) -> aws.cloudwatch.LogGroup:
    context = base.context
    return create_log_group(scope, f"{name}-log", context, base.keys.telemetry, context.log_group("services", name))


def _log_grant(
    scope: Scope, base: AwsBaseResources, name: str, log_group: aws.cloudwatch.LogGroup
) -> aws.iam.RolePolicy:
    """Permission of the execution role, which the awslogs driver and the proxy of Service Connect write with."""
    streams = pulumi.Output.concat(log_group.arn, ":*")
    return aws.iam.RolePolicy(
        scope.named(f"{name}-log-grant"),
        role=base.identity.execution[name].id,
        policy=document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams)),
        opts=scope.opts(),
    )


def _span_grants(scope: Scope, base: AwsBaseResources, name: str) -> list[aws.iam.RolePolicy]:
    """Permission of the task role, with which the collector writes spans."""
    if base.spec.monitoring.tracing is None:
        return []
    policy = document(allow(WRITE_SPANS, "*"))
    role = base.identity.task[name].id
    return [aws.iam.RolePolicy(scope.named(f"{name}-span-grant"), role=role, policy=policy, opts=scope.opts())]


def service_container(
    base: AwsBaseResources, name: str, environment: Environment, log_group: pulumi.Output[str]
) -> Container:
    """Container of a service: not root, nothing writable but /tmp, secrets by reference."""
    service = base.spec.services[name]
    tmp = {"containerPath": HOME, "size": tmp_mib(service)}
    return {
        **_base(base, name, base.registry.images[name], log_group),
        **_port_mapping(name, service),
        **({"command": list(service.command)} if service.command else {}),
        **_health_check(service),
        "essential": True,
        "environment": variables(_with_home(environment)),
        "secrets": secrets(environment.secrets),
        "stopTimeout": STOP_TIMEOUT_SECONDS,
        # a bind mount on Fargate belongs to root, so this user could not write to it; tmpfs is writable for every user
        "linuxParameters": {**_LINUX, "tmpfs": [{**tmp, "mountOptions": ["rw", "nosuid", "nodev"]}]},
    }


def _with_home(environment: Environment) -> Mapping[str, pulumi.Input[str]]:
    """Plain variables with HOME, unless the user sets it."""
    return environment.plain if "HOME" in environment.secrets else {"HOME": HOME, **environment.plain}


def collector_container(base: AwsBaseResources, config: pulumi.Input[str], log_group: pulumi.Output[str]) -> Container:
    """Collector that sends a service's metrics and spans to AWS; the task continues when it stops."""
    return {
        **_base(base, COLLECTOR, COLLECTOR_IMAGE, log_group),
        "essential": False,
        "memory": COLLECTOR_MEMORY_MIB,
        "environment": variables({"AOT_CONFIG_CONTENT": config}),
        "linuxParameters": _LINUX,
    }


def variables(plain: Mapping[str, pulumi.Input[str]]) -> list[Container]:
    """Environment variables sorted by name: ECS keeps the order, and another order would be a new revision."""
    return [{"name": name, "value": plain[name]} for name in sorted(plain)]


def secrets(references: Mapping[str, SecretRef]) -> list[Container]:
    """Secrets by reference, each pinned to a version: a new value is a new revision and restarts its readers."""
    return [{"name": name, "valueFrom": _value_from(references[name])} for name in sorted(references)]


def log_options(base: AwsBaseResources, prefix: str, log_group: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    """Options of the awslogs driver; a full buffer drops lines instead of blocking the service."""
    return {
        "awslogs-group": log_group,
        "awslogs-region": base.context.region,
        "awslogs-stream-prefix": prefix,
        "mode": "non-blocking",
        "max-buffer-size": LOG_BUFFER_SIZE,
    }


def _base(base: AwsBaseResources, name: str, image: pulumi.Input[str], log_group: pulumi.Output[str]) -> Container:
    return {
        "name": name,
        "image": image,
        "user": NO_ROOT_USER,
        "readonlyRootFilesystem": True,
        "logConfiguration": {"logDriver": "awslogs", "options": log_options(base, name, log_group)},
    }


def _port_mapping(name: str, service: Service) -> Container:
    if service.port is None:
        return {}
    port = {"name": name, "containerPort": service.port, "protocol": "tcp", "appProtocol": "http"}
    return {"portMappings": [port]}


def _health_check(service: Service) -> Container:
    command, health = container_check(service), service.health
    return {"healthCheck": _health_check_settings(command, health)} if command else {}


def _health_check_settings(command: tuple[str, ...], health: Health) -> Container:
    return {
        "command": list(command),
        "interval": health.interval_seconds,
        "timeout": health.timeout_seconds,
        "retries": health.unhealthy_threshold,
        "startPeriod": health.start_period_seconds,
    }


def _value_from(secret: SecretRef) -> pulumi.Output[str]:
    """`<arn>:<json key>:<version stage>:<version id>` with the middle two empty: the full value of one version."""
    return pulumi.Output.concat(secret.reference, ":::", secret.version)
