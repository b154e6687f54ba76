"""Release commands on Azure: executions of a Container Apps job, which the platform stops at their timeout."""

from providers.azure.cli_commands import az, context_of, lines
from providers.azure.naming import job_name
from providers.azure.tasks import (
    RUNNING_STATES,
    TIMEOUT_SECONDS,
    execution_status,
    exit_code,
    read_output,
    start_execution,
    stop_execution,
)
from providers.contract.cli import DeployedStack, Shell
from providers.contract.release import START_SECONDS, ReleaseControl, TaskEnd, release_name

SUCCEEDED = "Succeeded"
JOB_TYPE = "azure-native:app:Job"


class AzureReleases:
    """See `providers.contract.release.ReleaseControl` for each member."""

    type: str = JOB_TYPE
    start_seconds: int = START_SECONDS

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        context = context_of(stack.spec, stack.name)
        states = " || ".join(f"properties.status=='{state}'" for state in RUNNING_STATES if state)
        address = ("--name", _job(stack, service), "--resource-group", context.group)
        query = ("--query", f"[?{states}].name", "--output", "tsv")
        found = lines(shell.output(az(context, "containerapp", "job", "execution", "list", *address, *query)))
        return found[0] if found else None

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`."""
        return start_execution(context_of(stack.spec, stack.name), _job(stack, service), shell)

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`; the code of a failed run arrives with its last lines."""
        status = execution_status(context_of(stack.spec, stack.name), _job(stack, service), run, shell)
        if status in RUNNING_STATES:
            return None
        return TaskEnd(0 if status == SUCCEEDED else exit_code(stack, run, shell) or 1)

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`."""
        stop_execution(context_of(stack.spec, stack.name), _job(stack, service), run, shell)

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`; lines arrive in the workspace minutes later."""
        return read_output(stack, run, shell, TIMEOUT_SECONDS)


def _job(stack: DeployedStack, service: str) -> str:
    return job_name(stack.name, release_name(service))


RELEASES: ReleaseControl = AzureReleases()
