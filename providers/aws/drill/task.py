"""Task of the query: a stock PostgreSQL client that can reach restored databases and its secret, and nothing else.

It has no permission on AWS: the state machine makes every call. Its security group leads to the databases of drills, to the
endpoints, and on port 443 to the internet, where its image is.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.containers import HOME, NO_ROOT_USER, Container, log_options, secrets, variables
from providers.aws.database.resources import DATABASE_NAME, USERNAME, AwsDatabase
from providers.aws.network.flows import ANY_IPV4, DATABASE_PORT, HTTPS_PORT
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.drill import QUERY_SCRIPT, drill_of

IMAGE = "public.ecr.aws/docker/library/postgres:18"
"""Docker official image; its psql connects to servers of every supported version."""
CONTAINER = "drill"
CPU_UNITS, MEMORY_MIB = "256", "512"
TMP_MIB = 64


@dataclass(frozen=True)
class DrillGroups:
    """Security groups of restored databases and of the task, and the rules that the task needs."""

    databases: aws.ec2.SecurityGroup
    task: aws.ec2.SecurityGroup
    rules: tuple[pulumi.Resource, ...]


@dataclass(frozen=True)
class QueryTask:
    """Task definition, its execution role, and what must exist before a task starts."""

    definition: aws.ecs.TaskDefinition
    role: aws.iam.Role
    prerequisites: tuple[pulumi.Resource, ...]


def create_groups(scope: Scope, base: AwsBaseResources) -> DrillGroups:
    """Declare a group for restored databases, which no service reaches, and one for the task."""
    databases, task = (
        # AWS cannot change a description, so it only contains the name
        aws.ec2.SecurityGroup(
            scope.named(part), vpc_id=base.network.vpc_id, description=scope.named(part), opts=scope.opts()
        )
        for part in ("databases", "task")
    )
    rules = [*_flow(scope, task.id, databases.id, "task-to-databases", DATABASE_PORT)]
    if base.network.groups.endpoints is not None:
        rules += _flow(scope, task.id, base.network.groups.endpoints, "task-to-endpoints", HTTPS_PORT)
    rules.append(
        aws.vpc.SecurityGroupEgressRule(
            scope.named("task-to-world"),
            security_group_id=task.id,
            description="to the registry of the image",
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            cidr_ipv4=ANY_IPV4,
            opts=scope.opts(),
        )
    )
    return DrillGroups(databases, task, tuple(rules))


def _flow(
    scope: Scope, source: pulumi.Output[str], target: pulumi.Output[str], part: str, port: int
) -> tuple[pulumi.Resource, pulumi.Resource]:
    return (
        aws.vpc.SecurityGroupEgressRule(
            scope.named(f"{part}-out"),
            security_group_id=source,
            description=part,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=target,
            opts=scope.opts(),
        ),
        aws.vpc.SecurityGroupIngressRule(
            scope.named(f"{part}-in"),
            security_group_id=target,
            description=part,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=source,
            opts=scope.opts(),
        ),
    )


def create_task(scope: Scope, base: AwsBaseResources, database: AwsDatabase, groups: DrillGroups) -> QueryTask:
    """Declare the task definition with its log and the execution role that reads the password."""
    context = base.context
    log_group = create_log_group(scope, "log", context, base.keys.telemetry, context.log_group("drill"))
    role = aws.iam.Role(
        scope.named("execution"),
        description=f"Execution role of the restore drill's query in the stack {context.stack}",
        assume_role_policy=trust(context, "ecs-tasks.amazonaws.com", context.arn("ecs", "*")),
        opts=scope.opts(),
    )
    grant = _grant(scope, base, database, role, log_group)
    definition = aws.ecs.TaskDefinition(
        scope.named("query"),
        family=f"{context.stack}_drill",
        container_definitions=pulumi.Output.json_dumps([_container(base, database, log_group.name)]),
        cpu=CPU_UNITS,
        memory=MEMORY_MIB,
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture="ARM64", operating_system_family="LINUX"
        ),
        execution_role_arn=role.arn,
        opts=scope.opts(),
    )
    stored = database.password.grants if database.password is not None else ()
    return QueryTask(definition, role, (grant, *stored, *groups.rules, *base.network.ready))


def _grant(
    scope: Scope,
    base: AwsBaseResources,
    database: AwsDatabase,
    role: aws.iam.Role,
    log_group: aws.cloudwatch.LogGroup,
) -> aws.iam.RolePolicy:
    """Permission to write the log, and to read the password of the database."""
    if database.password is None:
        raise ValueError("the password of the database is not stored")
    secret, service = database.password.reference, f"secretsmanager.{base.context.region}.amazonaws.com"
    this_secret = {"StringEquals": {"kms:ViaService": service, "kms:EncryptionContext:SecretARN": secret}}
    return aws.iam.RolePolicy(
        scope.named("execution-policy"),
        role=role.name,
        policy=document(
            allow(["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group.arn, ":*")),
            allow("secretsmanager:GetSecretValue", secret),
            allow("kms:Decrypt", base.keys.data, this_secret),
        ),
        opts=scope.opts(),
    )


def _container(base: AwsBaseResources, database: AwsDatabase, log_group: pulumi.Output[str]) -> Container:
    password = {"PGPASSWORD": database.password} if database.password is not None else {}
    plain = {
        "DRILL_QUERY": drill_of(base.spec).query,
        "HOME": HOME,
        "PGDATABASE": DATABASE_NAME,
        "PGPORT": str(DATABASE_PORT),
        "PGSSLMODE": "require",
        "PGUSER": USERNAME,
    }
    return {
        "name": CONTAINER,
        "image": IMAGE,
        "user": NO_ROOT_USER,
        "readonlyRootFilesystem": True,
        "essential": True,
        "entryPoint": ["/bin/sh", "-c"],
        "command": [QUERY_SCRIPT.read_text(encoding="utf-8")],
        "environment": variables(plain),
        "secrets": secrets(password),
        "linuxParameters": {
            "initProcessEnabled": True,
            "capabilities": {"drop": ["ALL"]},
            "tmpfs": [{"containerPath": HOME, "size": TMP_MIB, "mountOptions": ["rw", "nosuid", "nodev"]}],
        },
        "logConfiguration": {"logDriver": "awslogs", "options": log_options(base, CONTAINER, log_group)},
    }
