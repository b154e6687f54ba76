"""State machine that puts the metrics of drills every hour. Pure.

CloudWatch computes no age over more than a week, so the age of the last success is put as a value. An execution of the
drill's state machine that succeeded has the evidence as its output, and is kept for 90 days (Step Functions quotas).
"""

from providers.aws.context import AwsContext
from providers.aws.drill.machine import State, call, copies_of, jsonata, listing, machine_arn, metric_data, seconds_ago
from providers.contract.drill import AGE_METRIC, LEFTOVER_SECONDS, LEFTOVERS_METRIC

TEST_COPY = "awsbackup-restore-test-"
"""Prefix of a database that a restore test creates: AWS Backup developer guide, "Restore testing inferred metadata"."""


def report_name(stack: str) -> str:
    """`prod_drill_report`: no job of a stack has a name with an underscore."""
    return f"{stack}_drill_report"


def report_arn(context: AwsContext) -> str:
    """ARN of the state machine."""
    return context.arn("states", f"stateMachine:{report_name(context.stack)}")


def report_definition(context: AwsContext, subnet_group: object) -> State:
    """State machine in the Amazon States Language; restore tests of this stack are in `subnet_group`."""
    result = "$states.result"
    assigned: State = {"verified": "", "marker": "", "found": (), "subnets": subnet_group}
    begin = {"Type": "Pass", "Assign": assigned, "Next": "LastSuccess"}
    machine = machine_arn(context)
    last = call(
        context,
        "sfn:listExecutions",
        {"StateMachineArn": machine, "StatusFilter": "SUCCEEDED", "MaxResults": 1},
        Assign={"execution": jsonata(f"$count({result}.Executions) = 0 ? '' : {result}.Executions[0].ExecutionArn")},
        Next="AnySuccess",
    )
    read = call(
        context,
        "sfn:describeExecution",
        {"ExecutionArn": jsonata("$execution")},
        Assign={"verified": jsonata(f"$parse({result}.Output).recovery_point_time")},
        Next="ListDatabases",
    )
    # before the first success the age counts from the declaration of the drill
    declared = call(
        context,
        "sfn:describeStateMachine",
        {"StateMachineArn": machine},
        Assign={"verified": jsonata(f"{result}.CreationDate")},
        Next="ListDatabases",
    )
    values = {
        AGE_METRIC: (seconds_ago("$verified"), "Seconds"),
        LEFTOVERS_METRIC: ("$count($found)", "Count"),
    }
    states = {
        "Begin": begin,
        "LastSuccess": last,
        "AnySuccess": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$execution != ''"), "Next": "ReadEvidence"}],
            "Default": "Declared",
        },
        "ReadEvidence": read,
        "Declared": declared,
        **listing(context, _leftovers(context.stack), "PutMetrics"),
        "PutMetrics": call(context, "cloudwatch:putMetricData", metric_data(context.stack, values), End=True),
    }
    return {"QueryLanguage": "JSONata", "StartAt": "Begin", "States": states}


def _leftovers(stack: str) -> str:
    """JSONata of the copies on a page that are older than a day: of drills by hand, and of this stack's restore tests."""
    own, test = "$states.result.DbInstances", f"$match(DbInstanceIdentifier, /^{TEST_COPY}/)"
    old = f"[$exists(InstanceCreateTime) and {seconds_ago('InstanceCreateTime')} > {LEFTOVER_SECONDS}]"
    tested = f"{own}[{test} and DbSubnetGroup.DbSubnetGroupName = $subnets]{old}.DbInstanceIdentifier"
    return f"{copies_of(stack, own)}{old}.DbInstanceIdentifier, {tested}"
