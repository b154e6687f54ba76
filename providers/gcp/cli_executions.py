"""Executions of Cloud Run jobs: start, wait, output and exit code. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from providers.contract.cli import CliCommand, CliFailure, Shell
from providers.contract.spec.defaults import is_list, is_mapping
from providers.gcp.context import GcpContext

MAX_HOURS = 24
POLL_SECONDS = 10
LOG_DELAY_SECONDS = 8
"""Time until Cloud Logging returns the last lines of a task."""
ReadLogs = Callable[[str], CliCommand]
"""Command that prints the log entries of a filter."""


@dataclass(frozen=True)
class JobExecutions:
    """Executions of one Cloud Run job; `key` is the service or job of the stack file."""

    context: GcpContext
    key: str
    job: str
    max_hours: int = MAX_HOURS

    def command(self, *arguments: str) -> CliCommand:
        """Command of `gcloud run jobs` in the project and region of the stack."""
        place = (f"--project={self.context.project}", f"--region={self.context.region}")
        return CliCommand(("gcloud", "run", "jobs", *arguments, *place))

    def last(self, shell: Shell) -> str | None:
        """Name of the newest execution; None without any."""
        newest = ("--sort-by=~metadata.creationTimestamp", "--limit=1", "--format=value(metadata.name)")
        return shell.output(self.command("executions", "list", f"--job={self.job}", *newest)).strip() or None

    def start(self, shell: Shell) -> str:
        """Start an execution of the job as it is, and return its name."""
        started = shell.output(self.command("execute", self.job, "--async", "--format=value(metadata.name)"))
        execution = started.strip()
        if not execution:
            raise CliFailure(self.key, "no execution was started", "run the same command again")
        return execution

    def cancel(self, shell: Shell, execution: str) -> None:
        """End an execution; succeeds when it has ended."""
        shell.succeeds(self.command("executions", "cancel", execution, "--quiet"))

    def run(self, shell: Shell, read_logs: ReadLogs) -> int:
        """Start an execution of the job as it is, print its output and return its exit code; Ctrl-C ends it."""
        execution = self.start(shell)
        try:
            return self.finish(shell, execution, read_logs)
        except KeyboardInterrupt:
            self.cancel(shell, execution)
            raise

    def finish(self, shell: Shell, execution: str, read_logs: ReadLogs) -> int:
        """Wait for an execution, print its output and return the exit code of its container."""
        self._wait(shell, execution)
        shell.sleep(LOG_DELAY_SECONDS)
        shell.stream(read_logs(self.entries(execution)))
        return self.exit_code(shell, execution)

    def entries(self, execution: str) -> str:
        """Filter of the log entries of an execution."""
        label = f'labels."run.googleapis.com/execution_name"="{execution}"'
        return f'resource.type="cloud_run_job" AND resource.labels.job_name="{self.job}" AND {label}'

    def has_ended(self, shell: Shell, execution: str) -> bool:
        """Return whether an execution has ended."""
        finished = self.command("executions", "describe", execution, "--format=value(status.completionTime)")
        return bool(shell.output(finished).strip())

    def _wait(self, shell: Shell, execution: str) -> None:
        for _ in range(self.max_hours * 3600 // POLL_SECONDS):
            if self.has_ended(shell, execution):
                return
            shell.sleep(POLL_SECONDS)
        raise CliFailure(
            self.key, f"the task still runs after {self.max_hours} hours", "run the same command again to wait"
        )

    def exit_code(self, shell: Shell, execution: str) -> int:
        """Exit code of the task's container; 1 when it could not start and has none."""
        tasks: object = json.loads(
            shell.output(self.command("executions", "tasks", "list", f"--execution={execution}", "--format=json"))
        )
        task = tasks[0] if is_list(tasks) and tasks else None
        status = task.get("status") if is_mapping(task) else None
        if not is_mapping(status):
            return 1
        listed = status.get("conditions")
        conditions = [each for each in listed if is_mapping(each)] if is_list(listed) else []
        if any((each.get("type"), each.get("status")) == ("Completed", "True") for each in conditions):
            return 0
        result = status.get("lastAttemptResult")
        code = result.get("exitCode") if is_mapping(result) else None
        return code if isinstance(code, int) and code else 1
