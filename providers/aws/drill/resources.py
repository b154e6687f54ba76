"""Restore drill of the database: restore test, query, result, metrics.

AWS Backup restores the newest snapshot on schedule. The event of the restore job starts a state machine, which runs the
query in a task, stores the result and so lets AWS Backup delete the restored database. `agent-platform drill` starts the
same state machine without a restore job. Another one puts age and leftovers as metrics every hour.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.compute.resources import AwsCompute
from providers.aws.database.resources import AwsDatabase
from providers.aws.drill.backups import SNAPSHOTS, DrillBackups, create_backups, drill_databases
from providers.aws.drill.machine import DrillTask, definition, machine_arn, machine_name, namespace
from providers.aws.drill.report import report_arn, report_definition, report_name
from providers.aws.drill.task import QueryTask, create_groups, create_task
from providers.aws.jobs.resources import SYNC_RULE
from providers.aws.naming import cluster_name
from providers.contract.component import Scope

RESTORE_ENDED = ("COMPLETED", "FAILED", "ABORTED")
"""States of a restore job that has ended: AWS Backup developer guide, "Restore Job State Change"."""
EVENT_RETRIES, EVENT_MAX_AGE_SECONDS = 10, 1800
"""Attempts to start the query within the time for which AWS Backup keeps the restored database."""


@dataclass(frozen=True)
class AwsDrill:
    """Name of the state machine of a drill."""

    machine: pulumi.Output[str]


def create_drill(scope: Scope, base: AwsBaseResources, database: AwsDatabase, compute: AwsCompute) -> AwsDrill:
    """Declare the restore test, the query's task, both state machines and what starts them."""
    groups = create_groups(scope, base)
    backups = create_backups(scope, base, database, groups.databases)
    task = create_task(scope, base, database, groups)
    run = DrillTask(
        context=base.context,
        vault=backups.vault,
        restore_role=backups.role.arn,
        restore_metadata=backups.metadata,
        cluster=compute.cluster_name,
        definition=task.definition.arn,
        subnets=base.network.private_subnet_ids,
        security_group=groups.task.id,
    )
    machine = _machine(
        scope,
        base,
        "machine",
        machine_name(base.context.stack),
        machine_arn(base.context),
        pulumi.Output.json_dumps(definition(run)),
        _drill_statements(base, backups, task),
        task.prerequisites,
    )
    _start_on_event(scope, base, machine, backups.plan_arn)
    _report(scope, base, database)
    return AwsDrill(machine.name)


def _machine(
    scope: Scope,
    base: AwsBaseResources,
    part: str,
    name: str,
    arn: str,
    text: pulumi.Output[str],
    statements: list[Statement],
    prerequisites: tuple[pulumi.Resource, ...] = (),
) -> "aws.sfn.StateMachine":
    """State machine with a role of its own."""
    role = aws.iam.Role(
        scope.named(part),
        description=f"Runs the state machine {name} of the stack {base.context.stack}",
        assume_role_policy=trust(base.context, "states.amazonaws.com", arn),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named(f"{part}-policy"), role=role.name, policy=document(*statements), opts=scope.opts()
    )
    return aws.sfn.StateMachine(
        scope.named(part),
        name=name,
        type="STANDARD",
        role_arn=role.arn,
        definition=text,
        # Step Functions checks the permissions when the machine is created; no Output refers to what the query needs
        opts=scope.opts(depends_on=[policy, *prerequisites]),
    )


def _put_metrics(stack: str) -> Statement:
    return allow("cloudwatch:PutMetricData", "*", {"StringEquals": {"cloudwatch:namespace": namespace(stack)}})


def _drill_statements(base: AwsBaseResources, backups: DrillBackups, task: QueryTask) -> list[Statement]:
    context = base.context
    cluster = cluster_name(context.stack)
    in_cluster = {"ArnEquals": {"ecs:cluster": context.arn("ecs", f"cluster/{cluster}")}}
    tasks = context.arn("ecs", f"task/{cluster}/*")
    by_hand, _of_tests = drill_databases(context)
    passed = {"iam:PassedToService": ["backup.amazonaws.com", "ecs-tasks.amazonaws.com"]}
    return [
        allow("backup:ListRecoveryPointsByBackupVault", context.arn("backup", f"backup-vault:{context.stack}-drill")),
        allow("backup:StartRestoreJob", context.arn("rds", SNAPSHOTS)),
        # restore jobs have no ARN
        allow(("backup:DescribeRestoreJob", "backup:PutRestoreValidationResult"), "*"),
        allow("rds:DescribeDBInstances", context.arn("rds", "db:*")),
        allow("rds:DeleteDBInstance", by_hand),
        allow("ecs:RunTask", context.arn("ecs", f"task-definition/{context.stack}_drill:*"), in_cluster),
        allow(("ecs:StopTask", "ecs:DescribeTasks"), tasks, in_cluster),
        allow("iam:PassRole", [backups.role.arn, task.role.arn], {"StringEquals": passed}),
        allow(("events:PutTargets", "events:PutRule", "events:DescribeRule"), context.arn("events", SYNC_RULE)),
        _put_metrics(context.stack),
    ]


def _start_on_event(
    scope: Scope, base: AwsBaseResources, machine: "aws.sfn.StateMachine", plan_arn: pulumi.Output[str]
) -> None:
    """Start the state machine when a restore job of the restore test has ended."""
    context = base.context
    rule = aws.cloudwatch.EventRule(
        scope.named("restored"),
        description=f"ended restore tests of the database of {context.stack}",
        event_pattern=pulumi.Output.json_dumps(
            {
                "source": ["aws.backup"],
                "detail-type": ["Restore Job State Change"],
                "detail": {"restoreTestingPlanArn": [plan_arn], "status": list(RESTORE_ENDED)},
            }
        ),
        state="ENABLED",
        opts=scope.opts(),
    )
    source = context.arn("events", f"rule/{scope.named('restored')}-*")
    role, policy = _starter(scope, base, "start", "events.amazonaws.com", source, machine)
    aws.cloudwatch.EventTarget(
        scope.named("restored"),
        rule=rule.name,
        arn=machine.arn,
        role_arn=role.arn,
        input_path="$.detail",
        retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
            maximum_retry_attempts=EVENT_RETRIES, maximum_event_age_in_seconds=EVENT_MAX_AGE_SECONDS
        ),
        # a generated ID is in no answer that was lost, and a second target would get every event again; a deployed one keeps its own
        target_id="state-machine",
        # no Output expresses that the rule may start the state machine before the first event
        opts=scope.opts(depends_on=[policy], ignore_changes=["targetId"]),
    )


def _starter(
    scope: Scope,
    base: AwsBaseResources,
    part: str,
    service: str,
    source: str,
    machine: "aws.sfn.StateMachine",
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """Role by which a service starts one state machine; `source` is the ARN of what starts it."""
    context = base.context
    role = aws.iam.Role(
        scope.named(part),
        description=f"Starts a state machine of the restore drill of the stack {context.stack}",
        assume_role_policy=trust(context, service, source),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named(f"{part}-policy"),
        role=role.name,
        policy=document(allow("states:StartExecution", machine.arn)),
        opts=scope.opts(),
    )
    return role, policy


def _report(scope: Scope, base: AwsBaseResources, database: AwsDatabase) -> None:
    """Declare the state machine that puts the metrics, and its schedule."""
    context = base.context
    statements = [
        allow(("states:ListExecutions", "states:DescribeStateMachine"), machine_arn(context)),
        allow("states:DescribeExecution", machine_arn(context).replace(":stateMachine:", ":execution:") + ":*"),
        allow("rds:DescribeDBInstances", context.arn("rds", "db:*")),
        _put_metrics(context.stack),
    ]
    text = pulumi.Output.json_dumps(report_definition(context, database.subnet_group))
    machine = _machine(scope, base, "report", report_name(context.stack), report_arn(context), text, statements)
    group = aws.scheduler.ScheduleGroup(scope.named("group"), name=machine_name(context.stack), opts=scope.opts())
    source = context.arn("scheduler", f"schedule-group/{machine_name(context.stack)}")
    role, policy = _starter(scope, base, "hourly", "scheduler.amazonaws.com", source, machine)
    aws.scheduler.Schedule(
        scope.named("hourly"),
        name=report_name(context.stack),
        group_name=group.name,
        description=f"Reports the restore drills of the stack {context.stack}",
        schedule_expression="rate(1 hour)",
        flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
        target=aws.scheduler.ScheduleTargetArgs(arn=machine.arn, role_arn=role.arn),
        # the API checks that the role may be assumed, and the first start needs its permissions
        opts=scope.opts(depends_on=[policy]),
    )
