"""Scheduled jobs: a task definition, a state machine that runs it, and a schedule that starts the state machine.

A release command has the first two, and `agent-platform up` starts it. Nothing runs between two runs. A task has the roles, secrets and security group of its service; its log is that of the
service, in streams that begin with the job's name. The roles below start and stop tasks of one job only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.containers import Container, define_task, log_options, service_container
from providers.aws.compute.resources import AwsCompute
from providers.aws.jobs.state_machine import JobTask, definition, machine_arn, schedule_expression
from providers.aws.naming import cluster_name, job_name, task_family
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.release import CommandTask, job_task, release_tasks
from providers.contract.results import Environment, Jobs
from providers.contract.schedule import schedule_of
from providers.contract.spans import without_spans

SYNC_RULE = "rule/StepFunctionsGetEventsForECSTaskRule"
"""Rule by which Step Functions learns that a task has stopped: developer guide, "IAM policies for calling Amazon ECS"."""
START_RETRIES, START_MAX_AGE_SECONDS = 3, 3600
"""Attempts to start a run that Step Functions refused, within an hour: a later start would be a surprise."""
DEAD_LETTER_DAYS = 14
"""Longest retention of a queue."""
PLATFORM_PARTS = ("portMappings", "healthCheck")
"""Parts of a service's container without meaning for a task that ends."""


@dataclass(frozen=True)
class AwsJobs(Jobs):
    """State machine ARN and schedule group by job."""

    machines: Mapping[str, pulumi.Output[str]]
    groups: Mapping[str, pulumi.Output[str]]


def create_jobs(
    scope: Scope, base: AwsBaseResources, compute: AwsCompute, environments: Mapping[str, Environment]
) -> AwsJobs:
    """Declare every job, and one queue for starts that failed for good."""
    queue = _dead_letter_queue(scope)
    machines: dict[str, pulumi.Output[str]] = {}
    groups: dict[str, pulumi.Output[str]] = {}
    for name in base.spec.jobs:
        machine = _command(scope, base, compute, environments, job_task(base.spec, name))
        groups[name] = _schedule(scope, base, machine, queue, name)
        machines[name] = machine.arn
    return AwsJobs(names=tuple(base.spec.jobs), machines=machines, groups=groups)


def create_releases(
    scope: Scope, base: AwsBaseResources, compute: AwsCompute, environments: Mapping[str, Environment]
) -> None:
    """Declare the task and the state machine of every release command."""
    for command in release_tasks(base.spec):
        _command(scope, base, compute, environments, command)


def _command(
    scope: Scope,
    base: AwsBaseResources,
    compute: AwsCompute,
    environments: Mapping[str, Environment],
    command: CommandTask,
) -> "aws.sfn.StateMachine":
    # a run has no collector beside it
    environment = without_spans(environments[command.service])
    task = _task_definition(scope, base, compute, environment, command)
    return _state_machine(scope, base, compute, task, environment, command)


def job_container(
    base: AwsBaseResources, compute: AwsCompute, environment: Environment, service: str, name: str
) -> Container:
    """Container of the service `service` with the log prefix `name`, for a task that ends."""
    log_group = compute.log_groups[service].name
    container = service_container(base, service, environment, log_group)
    credentials = compute.credentials.get(base.spec.services[service].image_credentials or "")
    return {
        **{key: value for key, value in container.items() if key not in PLATFORM_PARTS},
        **({"repositoryCredentials": {"credentialsParameter": credentials.reference}} if credentials else {}),
        "name": name,
        "logConfiguration": {"logDriver": "awslogs", "options": log_options(base, name, log_group)},
    }


def _task_definition(
    scope: Scope, base: AwsBaseResources, compute: AwsCompute, environment: Environment, command: CommandTask
) -> aws.ecs.TaskDefinition:
    name, service = command.name, command.service
    container = {**job_container(base, compute, environment, service, name), "command": list(command.command)}
    return define_task(scope, base, name, service, [container])


def _state_machine(
    scope: Scope,
    base: AwsBaseResources,
    compute: AwsCompute,
    task: aws.ecs.TaskDefinition,
    environment: Environment,
    command: CommandTask,
) -> "aws.sfn.StateMachine":
    context, name = base.context, command.name
    role = aws.iam.Role(
        scope.named(f"{name}-run"),
        description=f"Runs {command.title} of the stack {context.stack}",
        assume_role_policy=trust(context, "states.amazonaws.com", machine_arn(context, name)),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named(f"{name}-run-policy"),
        role=role.name,
        policy=document(*_run_statements(base, command)),
        opts=scope.opts(),
    )
    group = base.network.groups.services[command.service].id
    run = JobTask(context.partition, compute.cluster_name, task.arn, base.network.private_subnet_ids, group)
    return aws.sfn.StateMachine(
        scope.named(name),
        name=job_name(context.stack, name),
        type="STANDARD",
        role_arn=role.arn,
        definition=pulumi.Output.json_dumps(definition(command, run)),
        # no Output refers to the permissions, secrets and routes that the first run needs; Step Functions also checks
        # the role's permission on its rule when the machine is created
        opts=scope.opts(depends_on=[policy, *_prerequisites(base, environment, command.service)]),
    )


def _prerequisites(base: AwsBaseResources, environment: Environment, service: str) -> list[pulumi.Resource]:
    grants = [*base.registry.grants.get(service, ()), *base.identity.grants.get(service, ())]
    return [*base.network.prerequisites(service), *grants, *environment.prerequisites(service)]


def _run_statements(base: AwsBaseResources, command: CommandTask) -> list[Statement]:
    context, service = base.context, command.service
    cluster = cluster_name(context.stack)
    in_cluster = {"ArnEquals": {"ecs:cluster": context.arn("ecs", f"cluster/{cluster}")}}
    family = context.arn("ecs", f"task-definition/{task_family(context.stack, command.name)}:*")
    tasks = context.arn("ecs", f"task/{cluster}/*")
    roles = [base.identity.execution[service].arn, base.identity.task[service].arn]
    return [
        allow("ecs:RunTask", family, in_cluster),
        allow(("ecs:StopTask", "ecs:DescribeTasks"), tasks, in_cluster),
        allow("ecs:TagResource", tasks, {"StringEquals": {"ecs:CreateAction": "RunTask"}}),
        allow("iam:PassRole", roles, {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
        allow(("events:PutTargets", "events:PutRule", "events:DescribeRule"), context.arn("events", SYNC_RULE)),
    ]


def _dead_letter_queue(scope: Scope) -> "aws.sqs.Queue":
    return aws.sqs.Queue(
        scope.named("failed-starts"),
        message_retention_seconds=DEAD_LETTER_DAYS * 86400,
        sqs_managed_sse_enabled=True,
        opts=scope.opts(),
    )


def _schedule(
    scope: Scope, base: AwsBaseResources, machine: "aws.sfn.StateMachine", queue: "aws.sqs.Queue", name: str
) -> pulumi.Output[str]:
    """Schedule in a separate group, whose metrics are those of the job; returns the group's name."""
    context, job = base.context, base.spec.jobs[name]
    physical = job_name(context.stack, name)
    group = aws.scheduler.ScheduleGroup(scope.named(f"{name}-group"), name=physical, opts=scope.opts())
    role = aws.iam.Role(
        scope.named(f"{name}-schedule"),
        description=f"Starts the job {name} of the stack {context.stack}",
        # the source is the group, not the schedule: user guide, "Confused deputy prevention"
        assume_role_policy=trust(
            context, "scheduler.amazonaws.com", context.arn("scheduler", f"schedule-group/{physical}")
        ),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named(f"{name}-schedule-policy"),
        role=role.name,
        policy=document(allow("states:StartExecution", machine.arn), allow("sqs:SendMessage", queue.arn)),
        opts=scope.opts(),
    )
    aws.scheduler.Schedule(
        scope.named(f"{name}-schedule"),
        name=physical,
        group_name=group.name,
        description=f"Starts the job {name} of the stack {context.stack}",
        schedule_expression=schedule_expression(schedule_of(job)),
        schedule_expression_timezone=job.time_zone,
        # a region that does not serve would do the work twice, on a database that is read-only
        state="DISABLED" if is_passive(base.spec) else None,
        flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
        target=aws.scheduler.ScheduleTargetArgs(
            arn=machine.arn,
            role_arn=role.arn,
            retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                maximum_retry_attempts=START_RETRIES, maximum_event_age_in_seconds=START_MAX_AGE_SECONDS
            ),
            dead_letter_config=aws.scheduler.ScheduleTargetDeadLetterConfigArgs(arn=queue.arn),
        ),
        # the API checks that the role may be assumed, and the first start needs its permissions
        opts=scope.opts(depends_on=[policy]),
    )
    return group.name
