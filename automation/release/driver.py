"""Driver of release commands: waits for runs that were left, deploys the tasks, and runs each until its end. Imports no SDK.

A record is written before what it names is done. A driver that is killed leaves a run in the cloud: the next one waits for it,
and repeats the command unless that run had the same task and succeeded.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Clock
from automation.release.due import DueRelease
from automation.release.record import ReleaseRecord
from providers.contract.release import TaskEnd

POLL_SECONDS = 5.0
STOP_SECONDS = 180.0
"""Longest time for a cloud to stop a container: ECS allows 120 seconds."""
LOG_LINES = 20
"""Last lines of a failed command that are printed."""
NOTHING_CHANGED = "no service was updated"


class ReleasePort(Protocol):
    """Operations on the release commands of a stack; every method can be repeated, and raises DeploymentFailed."""

    @property
    def start_seconds(self) -> float:
        """Time from the start of a run to that of its command."""
        ...

    def write(self, service: str, record: ReleaseRecord) -> None:
        """Store the record of a service."""
        ...

    def deploy(self) -> None:
        """Deploy the tasks of all release commands and what they need, and no service."""
        ...

    def running(self, service: str) -> str | None:
        """Return a run that has not ended; None when there is none."""
        ...

    def start(self, service: str) -> str:
        """Start a run and return its name."""
        ...

    def ended(self, service: str, run: str) -> TaskEnd | None:
        """Return the end of a run; None while it runs."""
        ...

    def stop(self, service: str, run: str) -> None:
        """Stop a run."""
        ...

    def log(self, service: str, run: str) -> str:
        """Return the last lines of an ended run."""
        ...


class ReleaseDriver:
    """Driver of the release commands of one stack; `note` prints a line."""

    def __init__(self, stack: str, port: ReleasePort, clock: Clock, note: Callable[[str], object]) -> None:
        self.stack, self.port, self.clock, self.note = stack, port, clock, note

    def run(self, due: Sequence[DueRelease]) -> None:
        """Run the commands in order; raises DeploymentFailed for the first that does not succeed."""
        remaining = [each for each in due if not self._was_completed(each)]
        for each in remaining:
            self.port.write(each.service, each.record)
        if any(each.new_task for each in remaining):
            self.port.deploy()
        for each in remaining:
            self._run(each)

    def _was_completed(self, due: DueRelease) -> bool:
        """Wait for a run of a process that ended; True when it was the one that is due, and succeeded."""
        run = self.port.running(due.service)
        if run is None:
            return False
        self.note(f"{due.service}: an earlier run of the release command has not ended; waiting for it")
        end, _ = self._end_of(due, run)
        if due.new_task or end is None or end.exit_code:
            return False
        self._complete(due)
        return True

    def _run(self, due: DueRelease) -> None:
        self.note(f"{due.service}: running the release command ({' '.join(due.release.command)})")
        try:
            run = self.port.start(due.service)
        except DeploymentFailed as failure:
            problem = f"the release command of {due.service} did not start, so {NOTHING_CHANGED}: {failure.problem}"
            raise DeploymentFailed(failure.kind, problem, failure.fix, failure.log, stack=self.stack) from None
        end, seconds = self._end_of(due, run)
        if end is not None and end.exit_code == 0:
            self.note(f"{due.service}: the release command succeeded after {seconds:.0f} s")
            self._complete(due)
            return
        late = end is None or end.timed_out or seconds >= due.timeout_seconds
        raise self._failure(due, run, None if late or end is None else end.exit_code)

    def _complete(self, due: DueRelease) -> None:
        self.port.write(due.service, ReleaseRecord(due.record.digest, done=True, earlier=due.record.earlier))

    def _end_of(self, due: DueRelease, run: str) -> tuple[TaskEnd | None, float]:
        """Return the end of a run and its seconds; a run that is stopped here has none."""
        started = self.clock.seconds()
        deadline = due.timeout_seconds + self.port.start_seconds
        try:
            while (end := self.port.ended(due.service, run)) is None:
                if self.clock.seconds() - started >= deadline:
                    self._stop(due.service, run)
                    break
                self.clock.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            self.note(f"{due.service}: stopping the release command")
            self._stop(due.service, run)
            problem = f"the release command of {due.service} was interrupted and stopped; {NOTHING_CHANGED}"
            fix = f"run `agent-platform up {self.stack}` again, which repeats it"
            raise DeploymentFailed(Failure.CANCELLED, problem, fix, stack=self.stack) from None
        return end, self.clock.seconds() - started

    def _stop(self, service: str, run: str) -> None:
        """Stop a run and wait until it has ended, so that its lines are complete and no repetition overlaps it."""
        self.port.stop(service, run)
        started = self.clock.seconds()
        while self.port.ended(service, run) is None and self.clock.seconds() - started < STOP_SECONDS:
            self.clock.sleep(POLL_SECONDS)

    def _failure(self, due: DueRelease, run: str, code: int | None) -> DeploymentFailed:
        """Return the failure of a command, after its last lines are printed; no code means that it was stopped."""
        try:
            lines = self.port.log(due.service, run).splitlines()[-LOG_LINES:]
        except DeploymentFailed as failure:
            lines = [f"the lines of the command cannot be read: {failure.problem}"]
        for line in lines:
            self.note(f"{due.service} | {line}")
        minutes = due.release.timeout_minutes
        how = f"did not end within {minutes} min and was stopped" if code is None else f"failed with exit code {code}"
        problem = f"the release command of {due.service} {how}, so {NOTHING_CHANGED}"
        longer = f"raise services.{due.service}.release.timeout_minutes or correct the command"
        fix = f"{longer if code is None else 'correct it'}, then run `agent-platform up {self.stack}` again"
        return DeploymentFailed(Failure.COMMAND, problem, fix, "\n".join(lines), stack=self.stack)
