"""State machine of a drill: restore unless AWS Backup has, query, report, delete. Pure.

A restore test of AWS Backup starts it with the event of its restore job; AWS Backup deletes that copy itself once the result
is stored. Started by hand, with an empty input, it restores the newest recovery point itself and deletes the copy. Its
output is the evidence of the drill, and so is the cause of a failed execution. Expressions are JSONata (Step Functions
developer guide, "Transforming data with JSONata"); parameters have the names of the AWS SDK for Java, `DbInstanceIdentifier`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from providers.aws.context import AwsContext
from providers.contract.drill import AGE_METRIC, MAX_DRILL_SECONDS

State = Mapping[str, object]
POLL_SECONDS = 60
QUERY_TIMEOUT_SECONDS = 1800
"""Time to start the task, to connect, and for the query, which itself may take ten minutes."""
DELETE_RETRIES, DELETE_RETRY_SECONDS = 5, 60
COPY_DIGITS = 14
FAILED = "DrillFailed"
RETRY = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5, "IntervalSeconds": 10, "BackoffRate": 2}]
"""Retries of calls that only read, or that may be repeated."""


@dataclass(frozen=True)
class DrillTask:
    """Resources that the state machine refers to."""

    context: AwsContext
    vault: pulumi.Input[str]
    restore_role: pulumi.Input[str]
    restore_metadata: Mapping[str, pulumi.Input[str]]
    cluster: pulumi.Input[str]
    definition: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    security_group: pulumi.Input[str]


def machine_name(stack: str) -> str:
    """`prod_drill`: no job of a stack has a name with an underscore."""
    return f"{stack}_drill"


def machine_arn(context: AwsContext) -> str:
    """ARN of the state machine, which its role and the command line name before it exists."""
    return context.arn("states", f"stateMachine:{machine_name(context.stack)}")


def namespace(stack: str) -> str:
    """CloudWatch namespace of the metrics of a stack."""
    return f"AgentPlatform/{stack}"


def copy_prefix(stack: str) -> str:
    """Prefix of a database that a drill by hand creates; 14 digits follow, with which no stack's database ends."""
    return f"{stack}-drill-"


def copies_of(stack: str, instances: str) -> str:
    """JSONata of the databases in `instances` that drills by hand have created."""
    return f"{instances}[$match(DbInstanceIdentifier, /^{copy_prefix(stack)}[0-9]{{{COPY_DIGITS}}}$/)]"


def jsonata(text: str) -> str:
    """Expression in a state."""
    return f"{{% {text} %}}"


def seconds_ago(time: str) -> str:
    """JSONata of the seconds from a time to the start of the state."""
    return f"($toMillis($states.context.State.EnteredTime) - $toMillis({time})) / 1000"


def call(context: AwsContext, action: str, arguments: object, **more: object) -> State:
    """State that calls an action of an AWS service, such as `backup:startRestoreJob`."""
    resource = f"arn:{context.partition}:states:::aws-sdk:{action}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "Retry": RETRY, **more}


def listing(context: AwsContext, filtered: str, then: str) -> dict[str, State]:
    """States that read all database instances of the region, page by page, into `found` by a JSONata filter of a page."""
    page = "{'MaxRecords': 100}"
    read = call(
        context,
        "rds:describeDBInstances",
        jsonata(f"$marker = '' ? {page} : $merge([{page}, {{'Marker': $marker}}])"),
        Assign={
            "found": jsonata(f"[$append($found, [{filtered}])]"),
            "marker": jsonata("$exists($states.result.Marker) ? $states.result.Marker : ''"),
        },
        Next="AllPages",
    )
    more = {"Condition": jsonata("$marker != ''"), "Next": "ListDatabases"}
    return {"ListDatabases": read, "AllPages": {"Type": "Choice", "Choices": [more], "Default": then}}


def definition(task: DrillTask) -> State:
    """State machine in the Amazon States Language."""
    states = {
        "Begin": _begin(),
        **_sweep(task.context),
        **_restore(task),
        **_query(task),
        **_report(task.context),
    }
    return {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": states}


def _begin() -> State:
    return {
        "Type": "Pass",
        "Assign": {
            "test": jsonata("$exists($states.input.restoreJobId)"),
            "job": jsonata("$exists($states.input.restoreJobId) ? $states.input.restoreJobId : ''"),
            "ended": jsonata("$exists($states.input.status) ? $states.input.status : ''"),
            "copy": "", "point": "", "pointTime": "", "restoreSeconds": -1,
            "verified": False, "deleted": True, "problem": "", "waits": 0, "marker": "", "found": [],
        },
        "Next": "ListDatabases",
    }  # fmt: skip


def _sweep(context: AwsContext) -> dict[str, State]:
    """States that delete copies of drills by hand which were interrupted; one in progress is younger."""
    old = f"$exists(InstanceCreateTime) and {seconds_ago('InstanceCreateTime')} > {MAX_DRILL_SECONDS}"
    copies = copies_of(context.stack, "$states.result.DbInstances")
    delete = call(
        context,
        "rds:deleteDBInstance",
        _deletion("$states.input"),
        End=True,
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Kept"}],
    )
    processor = {
        "ProcessorConfig": {"Mode": "INLINE"},
        "StartAt": "DeleteLeftover",
        # the alarm on leftovers reports it; this drill continues
        "States": {"DeleteLeftover": delete, "Kept": {"Type": "Pass", "End": True}},
    }
    sweep = {"Type": "Map", "Items": jsonata("$found"), "ItemProcessor": processor, "Next": "HowStarted"}
    test = {"Condition": jsonata("$test and $ended = 'COMPLETED'"), "Next": "DescribeJob"}
    failed = {"Condition": jsonata("$test"), "Next": "RestoreFailed"}
    return {
        **listing(context, f"{copies}[{old}].DbInstanceIdentifier", "DeleteLeftovers"),
        "DeleteLeftovers": sweep,
        "HowStarted": {"Type": "Choice", "Choices": [test, failed], "Default": "ListPoints"},
    }


def _deletion(name: str) -> dict[str, object]:
    return {"DbInstanceIdentifier": jsonata(name), "SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}


def _restore(task: DrillTask) -> dict[str, State]:
    """States that restore the newest recovery point and wait for the end of the restore job."""
    context = task.context
    newest = "$states.result.RecoveryPoints[Status = 'COMPLETED']^(>CreationDate)[0].RecoveryPointArn"
    digits = "$replace($substring($states.context.Execution.StartTime, 0, 19), /[-T:]/, '')"
    name = jsonata(f"'{copy_prefix(context.stack)}' & {digits}")
    points = call(
        context,
        "backup:listRecoveryPointsByBackupVault",
        {"BackupVaultName": task.vault, "MaxResults": 1000},
        Assign={"point": jsonata(f"$exists({newest}) ? {newest} : ''"), "copy": name},
        Next="HasPoint",
    )
    start = call(
        context,
        "backup:startRestoreJob",
        {
            "RecoveryPointArn": jsonata("$point"),
            "IamRoleArn": task.restore_role,
            "ResourceType": "RDS",
            "IdempotencyToken": jsonata("$states.context.Execution.Name"),
            "Metadata": {"DBInstanceIdentifier": jsonata("$copy"), **task.restore_metadata},
        },
        Assign={"job": jsonata("$states.result.RestoreJobId")},
        Catch=[_caught("RestoreFailed", "the restore could not start")],
        Next="Wait",
    )
    look = call(
        context,
        "backup:describeRestoreJob",
        {"RestoreJobId": jsonata("$job")},
        Assign={"ended": jsonata("$states.result.Status"), "waits": jsonata("$waits + 1")},
        Next="RestoreEnded",
    )
    late = f"$ended in ['FAILED', 'ABORTED'] or $waits > {MAX_DRILL_SECONDS // POLL_SECONDS}"
    ends = [
        {"Condition": jsonata("$ended = 'COMPLETED'"), "Next": "DescribeJob"},
        {"Condition": jsonata(late), "Next": "RestoreFailed"},
    ]
    has_point = {"Condition": jsonata("$point != ''"), "Next": "StartRestore"}
    no_point = {"Type": "Pass", "Assign": {"problem": "the vault has no completed recovery point"}, "Next": "Failed"}
    return {
        "ListPoints": points,
        "HasPoint": {"Type": "Choice", "Choices": [has_point], "Default": "NoPoint"},
        "NoPoint": no_point,
        "StartRestore": start,
        "Wait": {"Type": "Wait", "Seconds": POLL_SECONDS, "Next": "LookAtJob"},
        "LookAtJob": look,
        "RestoreEnded": {"Type": "Choice", "Choices": ends, "Default": "Wait"},
        "RestoreFailed": _restore_failed(),
        "CopyMayExist": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$test"), "Next": "Failed"}],
            "Default": "DeleteCopy",
        },
    }


def _restore_failed() -> State:
    problem = (
        "$problem != '' ? $problem : "
        "'the restore job ' & $job & ($ended in ['FAILED', 'ABORTED'] ? ' failed' : ' did not end in time')"
    )
    return {"Type": "Pass", "Assign": {"problem": jsonata(problem)}, "Next": "CopyMayExist"}


def _caught(then: str, problem: str, **assigned: object) -> State:
    return {"ErrorEquals": ["States.ALL"], "Assign": {"problem": problem, **assigned}, "Next": then}


def _query(task: DrillTask) -> dict[str, State]:
    """States that read the restored copy's address and run the query in a task of its own."""
    context = task.context
    result = "$states.result"
    describe = call(
        context,
        "backup:describeRestoreJob",
        {"RestoreJobId": jsonata("$job")},
        Assign={
            "copy": jsonata(f"$split({result}.CreatedResourceArn, ':')[6]"),
            "point": jsonata(f"{result}.RecoveryPointArn"),
            "pointTime": jsonata(f"{result}.RecoveryPointCreationDate"),
            "restoreSeconds": jsonata(
                f"$round(($toMillis({result}.CompletionDate) - $toMillis({result}.CreationDate)) / 1000)"
            ),
        },
        Next="DescribeCopy",
    )
    copy = call(
        context,
        "rds:describeDBInstances",
        {"DbInstanceIdentifier": jsonata("$copy")},
        Assign={"host": jsonata(f"{result}.DbInstances[0].Endpoint.Address")},
        Catch=[_caught("Store", "the restored database has no address")],
        Next="Query",
    )
    network = {"Subnets": list(task.subnets), "SecurityGroups": [task.security_group], "AssignPublicIp": "DISABLED"}
    override = {"Name": "drill", "Environment": [{"Name": "PGHOST", "Value": jsonata("$host")}]}
    query = {
        "Type": "Task",
        # waits until the task has stopped, and fails unless its container exits with 0
        "Resource": f"arn:{context.partition}:states:::ecs:runTask.sync",
        "Arguments": {
            "Cluster": task.cluster,
            "TaskDefinition": task.definition,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": network},
            "Overrides": {"ContainerOverrides": [override]},
        },
        "TimeoutSeconds": QUERY_TIMEOUT_SECONDS,
        "Assign": {"verified": True},
        "Catch": [_caught("Store", "the query did not return one number above 0; the log of the drill has the reason")],
        "Next": "Store",
    }
    return {"DescribeJob": describe, "DescribeCopy": copy, "Query": query}


EVIDENCE = (
    "{'verified': $verified, 'deleted': $deleted, 'problem': $problem, "
    "'recovery_point': $point = '' ? null : $point, 'recovery_point_time': $pointTime = '' ? null : $pointTime, "
    "'restore_seconds': $restoreSeconds < 0 ? null : $restoreSeconds}"
)
"""JSONata of the evidence, with the fields of `DrillEvidence`."""


def _report(context: AwsContext) -> dict[str, State]:
    """States that store the result, delete the copy of a drill by hand, put the metric and end with the evidence."""
    store = call(
        context,
        "backup:putRestoreValidationResult",
        {
            "RestoreJobId": jsonata("$job"),
            "ValidationStatus": jsonata("$verified ? 'SUCCESSFUL' : 'FAILED'"),
            "ValidationStatusMessage": jsonata("$verified ? 'the query returned a number above 0' : $problem"),
        },
        Catch=[_caught("Ended", "AWS Backup did not accept the result, and keeps the copy for an hour", deleted=False)],
        Next="Ended",
    )
    kept = jsonata("$problem != '' ? $problem : 'the restored copy ' & $copy & ' could not be deleted'")
    retry = {"ErrorEquals": ["States.ALL"], "MaxAttempts": DELETE_RETRIES, "IntervalSeconds": DELETE_RETRY_SECONDS}
    delete = {
        **call(context, "rds:deleteDBInstance", _deletion("$copy")),
        "Retry": [{"ErrorEquals": ["Rds.DbInstanceNotFoundException"], "MaxAttempts": 0}, retry],
        "Catch": [
            {"ErrorEquals": ["Rds.DbInstanceNotFoundException"], "Next": "Ended"},
            {"ErrorEquals": ["States.ALL"], "Assign": {"problem": kept, "deleted": False}, "Next": "Ended"},
        ],
        "Next": "Ended",
    }
    metric = call(
        context,
        "cloudwatch:putMetricData",
        metric_data(context.stack, {AGE_METRIC: (seconds_ago("$pointTime"), "Seconds")}),
        # the hourly report puts it again
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Verified"}],
        Next="Verified",
    )
    return {
        "Store": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$test"), "Next": "StoreResult"}],
            "Default": "DeleteCopy",
        },
        "StoreResult": store,
        "DeleteCopy": delete,
        "Ended": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$verified"), "Next": "PutAge"}],
            "Default": "Failed",
        },
        "PutAge": metric,
        "Verified": {"Type": "Succeed", "Output": jsonata(EVIDENCE)},
        "Failed": {"Type": "Fail", "Error": FAILED, "Cause": jsonata(f"$string({EVIDENCE})")},
    }


def metric_data(stack: str, values: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    """Arguments of `putMetricData`: JSONata of the value, and its unit, by metric."""
    data = [{"MetricName": name, "Value": jsonata(value), "Unit": unit} for name, (value, unit) in values.items()]
    return {"Namespace": namespace(stack), "MetricData": data}
