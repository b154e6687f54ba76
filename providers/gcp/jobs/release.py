"""Release commands on Google Cloud: executions of a Cloud Run job, which Cloud Run stops at their timeout."""

from providers.contract.cli import DeployedStack, Shell
from providers.contract.release import START_SECONDS, ReleaseControl, TaskEnd, release_name
from providers.gcp.cli import JOB_TYPE, context_of, read_logs
from providers.gcp.cli_executions import LOG_DELAY_SECONDS, JobExecutions
from providers.gcp.naming import run_name


class GcpReleases:
    """See `providers.contract.release.ReleaseControl` for each member."""

    type: str = JOB_TYPE
    start_seconds: int = START_SECONDS

    def running(self, stack: DeployedStack, service: str, shell: Shell) -> str | None:
        """See `ReleaseControl.running`."""
        executions = _executions(stack, service)
        newest = executions.last(shell)
        return newest if newest is not None and not executions.has_ended(shell, newest) else None

    def start(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """See `ReleaseControl.start`."""
        return _executions(stack, service).start(shell)

    def ended(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> TaskEnd | None:
        """See `ReleaseControl.ended`."""
        executions = _executions(stack, service)
        return TaskEnd(executions.exit_code(shell, run)) if executions.has_ended(shell, run) else None

    def stop(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> None:
        """See `ReleaseControl.stop`."""
        _executions(stack, service).cancel(shell, run)

    def log(self, stack: DeployedStack, service: str, run: str, shell: Shell) -> str:
        """See `ReleaseControl.log`."""
        shell.sleep(LOG_DELAY_SECONDS)
        return shell.output(read_logs(stack, _executions(stack, service).entries(run)))


def _executions(stack: DeployedStack, service: str) -> JobExecutions:
    name = run_name(stack.active_name, release_name(service))
    return JobExecutions(context_of(stack.spec, stack.name), f"services.{service}.release", name)


RELEASES: ReleaseControl = GcpReleases()
