"""Run of a scheduled job by hand: an execution of its state machine, as EventBridge Scheduler starts one. Pure.

The task has the timeout and the retries of the job; Ctrl-C stops the execution, which stops the task.
"""

import json
import re
from collections.abc import Callable

from providers.aws.context import AwsContext
from providers.aws.jobs.state_machine import TIMED_OUT, machine_arn
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.spec.defaults import Raw, is_list, is_mapping

MACHINE_TYPE = "aws:sfn/stateMachine:StateMachine"
POLL_SECONDS = 10
LOG_DELAY_SECONDS = 5
"""Time until CloudWatch Logs returns the last lines of a stopped task."""
TIMEOUT_CODE = 124
"""Exit code of timeout(1) for a command that it stopped."""
EXIT_CODE = re.compile(r'"ExitCode":\s*(\d+)')

Aws = Callable[..., CliCommand]
"""Command of the AWS CLI in the region of the stack."""


def run_job(stack: DeployedStack, context: AwsContext, job: str, shell: Shell, aws: Aws) -> int:
    """Start an execution, wait for its end, print the lines of its tasks and return the exit code of the last one."""
    if stack.resource(MACHINE_TYPE, f"{stack.active_name}-jobs-{job}") is None:
        raise stack.not_deployed(job)
    machine = machine_arn(context, job)
    started = answer_of(shell.output(aws("stepfunctions", "start-execution", "--state-machine-arn", machine)), job)
    execution = ("--execution-arn", str(started.get("executionArn")))
    try:
        ended = _ended(shell, aws("stepfunctions", "describe-execution", *execution), job)
    except KeyboardInterrupt:
        shell.succeeds(aws("stepfunctions", "stop-execution", *execution))
        raise
    shell.sleep(LOG_DELAY_SECONDS)
    shell.stream(aws(*logs_of(context, stack.spec.jobs[job].service, job, started)))
    return exit_code(ended)


def logs_of(context: AwsContext, service: str, task: str, execution: Raw) -> tuple[str, ...]:
    """Arguments that print the lines of a task of a service since the start of an execution."""
    streams = ("--log-stream-name-prefix", f"{task}/{task}/", "--since", str(execution.get("startDate")))
    return ("logs", "tail", context.log_group("services", service), *streams, "--format", "short")


def exit_code(execution: Raw) -> int:
    """Exit code of an ended execution; its cause is the description of the task that failed."""
    if execution.get("status") == "SUCCEEDED":
        return 0
    if execution.get("error") == TIMED_OUT:
        return TIMEOUT_CODE
    codes = EXIT_CODE.findall(str(execution.get("cause", "")))
    return next((int(code) for code in codes if int(code)), 1)


def _ended(shell: Shell, describe: CliCommand, job: str) -> Raw:
    while (execution := answer_of(shell.output(describe), job)).get("status") == "RUNNING":
        shell.sleep(POLL_SECONDS)
    return execution


def answer_of(text: str, job: str) -> Raw:
    """Object in an answer of Step Functions about a job; raises CliFailure."""
    document: object = json.loads(text)
    if not is_mapping(document) or is_list(document):
        raise CliFailure(f"jobs.{job}", "the answer of aws stepfunctions is no object", "update the AWS CLI")
    return document
