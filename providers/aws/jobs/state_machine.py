"""State machine of a job: one ECS task with timeout and retries, and the schedule in the dialect of EventBridge. Pure.

ECS has no timeout for a task, and EventBridge Scheduler retries only the start of a target. Step Functions runs the task
next to a timer: the first branch that ends fails the parallel state, which aborts the other branch and so stops the task
(Step Functions developer guide, "Integrate services", Run a Job). Success is therefore an error too, which is caught.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from providers.aws.context import AwsContext
from providers.contract.release import CommandTask
from providers.contract.schedule import Schedule

SUCCEEDED, TIMED_OUT = "JobSucceeded", "JobTimedOut"
RETRY_SECONDS = 150
"""Pause before another attempt: a stopped task has up to 120 seconds to end, and two attempts must not overlap."""
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

State = Mapping[str, object]


@dataclass(frozen=True)
class JobTask:
    """ECS task of a job."""

    partition: str
    cluster: pulumi.Input[str]
    definition: pulumi.Input[str]
    subnets: Sequence[pulumi.Input[str]]
    security_group: pulumi.Input[str]


def schedule_expression(schedule: Schedule) -> str:
    """`cron(0 3 * * ? *)`: six fields; `?` for the day field without restriction (EventBridge Scheduler user guide)."""
    minutes, hours, days, months, weekdays = schedule.fields
    if weekdays != "*":
        days, weekdays = "?", ",".join(WEEKDAYS[day] for day in schedule.weekdays)
    else:
        weekdays = "?"
    return f"cron({minutes} {hours} {days} {months} {weekdays} *)"


def machine_arn(context: AwsContext, job: str) -> str:
    """ARN of a job's state machine, which its role and the command line name before it exists."""
    return context.arn("states", f"stateMachine:{context.stack}-{job}")


def definition(job: CommandTask, task: JobTask) -> State:
    """State machine in the Amazon States Language."""
    attempt = {
        "Type": "Parallel",
        "Branches": [_task_branch(task), _timer_branch(job)],
        "Retry": [
            {"ErrorEquals": [SUCCEEDED], "MaxAttempts": 0},
            *([_retry(job.retries)] if job.retries else []),
        ],
        "Catch": [{"ErrorEquals": [SUCCEEDED], "Next": "Succeeded"}],
        "End": True,
    }
    return {"StartAt": "Attempt", "States": {"Attempt": attempt, "Succeeded": {"Type": "Succeed"}}}


def _retry(retries: int) -> State:
    return {"ErrorEquals": ["States.ALL"], "MaxAttempts": retries, "IntervalSeconds": RETRY_SECONDS, "BackoffRate": 1}


def _task_branch(task: JobTask) -> State:
    network = {"Subnets": list(task.subnets), "SecurityGroups": [task.security_group], "AssignPublicIp": "DISABLED"}
    run = {
        "Type": "Task",
        # waits until the task has stopped, and fails unless its essential container exits with 0
        "Resource": f"arn:{task.partition}:states:::ecs:runTask.sync",
        "Parameters": {
            "Cluster": task.cluster,
            "TaskDefinition": task.definition,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"AwsvpcConfiguration": network},
            "EnableECSManagedTags": True,
            "PropagateTags": "TASK_DEFINITION",
        },
        "Next": "Done",
    }
    done = {"Type": "Fail", "Error": SUCCEEDED, "Cause": "The command succeeded; this ends the timer."}
    return {"StartAt": "Task", "States": {"Task": run, "Done": done}}


def _timer_branch(job: CommandTask) -> State:
    timer = {"Type": "Wait", "Seconds": job.timeout_minutes * 60, "Next": "TimedOut"}
    cause = f"The command did not end within {job.timeout_minutes} minutes and was stopped."
    return {
        "StartAt": "Timer",
        "States": {"Timer": timer, "TimedOut": {"Type": "Fail", "Error": TIMED_OUT, "Cause": cause}},
    }
