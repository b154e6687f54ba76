"""Release commands on AWS: executions of a state machine, which stops a command at its timeout also without this program."""

import json

from providers.aws.cli import checked_context, context_of, json_command
from providers.aws.cli_job import LOG_DELAY_SECONDS, MACHINE_TYPE, answer_of, exit_code, logs_of
from providers.aws.jobs.state_machine import TIMED_OUT, machine_arn
from providers.contract.cli import DeployedStack, Shell
from providers.contract.release import START_SECONDS, ReleaseControl, TaskEnd, release_name
from providers.contract.spec.defaults import Raw


class AwsReleases:
    """See `providers.contract.release.ReleaseControl` for each member."""

    type: str = MACHINE_TYPE
    start_seconds: int = START_SECONDS

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        context = checked_context(stack, shell)
        machine = ("--state-machine-arn", machine_arn(context, release_name(service)))
        newest = ("--status-filter", "RUNNING", "--max-items", "1", "--query", "executions[0].executionArn")
        answer: object = json.loads(
            shell.output(json_command(context, "stepfunctions", "list-executions", *machine, *newest)) or "null"
        )
        return answer if isinstance(answer, str) else None

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`."""
        context = checked_context(stack, shell)
        machine = ("--state-machine-arn", machine_arn(context, release_name(service)))
        started = shell.output(json_command(context, "stepfunctions", "start-execution", *machine))
        return str(answer_of(started, release_name(service)).get("executionArn"))

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`."""
        execution = self._execution(stack, service, run, shell)
        if execution.get("status") == "RUNNING":
            return None
        return TaskEnd(exit_code(execution), execution.get("error") == TIMED_OUT)

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`; Step Functions stops the task."""
        context = context_of(stack.spec, stack.name)
        shell.succeeds(json_command(context, "stepfunctions", "stop-execution", "--execution-arn", run))

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`."""
        execution = self._execution(stack, service, run, shell)
        shell.sleep(LOG_DELAY_SECONDS)
        context = context_of(stack.spec, stack.name)
        return shell.output(json_command(context, *logs_of(context, service, release_name(service), execution)))

    def _execution(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> Raw:
        # the account was compared before the run was started or found, and its ARN names it
        context = context_of(stack.spec, stack.name)
        described = shell.output(json_command(context, "stepfunctions", "describe-execution", "--execution-arn", run))
        return answer_of(described, release_name(service))


RELEASES: ReleaseControl = AwsReleases()
