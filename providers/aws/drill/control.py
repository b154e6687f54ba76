"""Drills by hand on AWS, and their results: executions of the state machine, and databases that drills left."""

import json
import re
from collections.abc import Sequence
from datetime import datetime

from providers.aws.cli import checked_context, json_command
from providers.aws.cli_job import LOG_DELAY_SECONDS, answer_of
from providers.aws.context import AwsContext
from providers.aws.drill.machine import COPY_DIGITS, copy_prefix, machine_arn
from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.drill import (
    KEY,
    DrillControl,
    DrillEvidence,
    drill_in_progress,
    ended_execution,
    evidence_of,
    execution_evidence,
    require_deployed,
    with_query_log,
)
from providers.contract.json_data import Raw, is_list
from providers.contract.spec import Platform

MACHINE_TYPE = "aws:sfn/stateMachine:StateMachine"
CONSOLE = "Step Functions"


class AwsDrills:
    """See `providers.contract.drill.DrillControl` for each method."""

    def declared(self, spec: Platform) -> bool:
        """See `DrillControl.declared`."""
        return spec.recovery.drill is not None

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """See `DrillControl.run`; Ctrl-C leaves the execution, which deletes the copy of the database itself."""
        require_deployed(stack, MACHINE_TYPE, "drill-machine")
        context = checked_context(stack, shell, home=True)
        machine = ("--state-machine-arn", machine_arn(context))
        answer = shell.output(json_command(context, "stepfunctions", "start-execution", *machine))
        execution = str(answer_of(answer, KEY).get("executionArn"))
        ended = ended_execution(
            lambda: _described(context, execution, shell), "status", ("RUNNING",), execution, CONSOLE, shell
        )
        text = str(ended.get("output" if ended.get("status") == "SUCCEEDED" else "cause") or "")
        evidence = execution_evidence(text, ended.get("error") or ended.get("status"), CONSOLE)
        shell.sleep(LOG_DELAY_SECONDS)
        return with_query_log(evidence, shell.output(_log(context, ended)))

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """See `DrillControl.last_verified`."""
        context = checked_context(stack, shell, home=True)
        newest = ("--status-filter", "SUCCEEDED", "--max-items", "1", "--query", "executions[0].executionArn")
        machine = ("--state-machine-arn", machine_arn(context))
        found: object = json.loads(
            shell.output(json_command(context, "stepfunctions", "list-executions", *machine, *newest)) or "null"
        )
        if not isinstance(found, str):
            return None
        evidence = evidence_of(str(_described(context, found, shell).get("output") or ""))
        return datetime.fromisoformat(evidence.recovery_point_time) if evidence.recovery_point_time else None

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `DrillControl.leftovers`; those of restore tests belong to AWS Backup, which deletes them."""
        context = checked_context(stack, shell, home=True)
        running = ("--status-filter", "RUNNING", "--query", "executions[].executionArn")
        machine = ("--state-machine-arn", machine_arn(context))
        executions: object = json.loads(
            shell.output(json_command(context, "stepfunctions", "list-executions", *machine, *running)) or "[]"
        )
        if executions:
            raise drill_in_progress("copy")
        names = "DBInstances[].DBInstanceIdentifier"
        answer: object = json.loads(
            shell.output(json_command(context, "rds", "describe-db-instances", "--query", names)) or "[]"
        )
        pattern = re.compile(rf"{re.escape(copy_prefix(stack.name))}\d{{{COPY_DIGITS}}}")
        return [str(name) for name in (answer if is_list(answer) else []) if pattern.fullmatch(str(name))]

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """See `DrillControl.delete`."""
        context = checked_context(stack, shell, home=True)
        options = ("--skip-final-snapshot", "--delete-automated-backups")
        shell.output(json_command(context, "rds", "delete-db-instance", "--db-instance-identifier", leftover, *options))


def _described(context: AwsContext, execution: str, shell: Shell) -> Raw:
    command = json_command(context, "stepfunctions", "describe-execution", "--execution-arn", execution)
    return answer_of(shell.output(command), KEY)


def _log(context: AwsContext, ended: Raw) -> CliCommand:
    since = ("--since", str(ended.get("startDate")), "--format", "short")
    return json_command(context, "logs", "tail", context.log_group("drill"), *since)


CONTROL: DrillControl = AwsDrills()
