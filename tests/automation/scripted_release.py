"""Scripted stack with release commands: counts calls, ends the process at any of them, and answers with given ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from automation.deploy.errors import DeploymentFailed
from automation.release.driver import ReleaseDriver
from automation.release.due import DueRelease
from automation.release.record import ReleaseRecord
from providers.contract.release import TaskEnd
from providers.contract.spec import Release
from tests.automation.scripted_rollout import FakeClock, KillableCalls

DIGEST, EARLIER = "b" * 16, "a" * 16
MIGRATION = Release(command=("alembic", "upgrade", "head"), timeout_minutes=10)


@dataclass
class ScriptedStack(KillableCalls):
    """Stack whose commands take `seconds` and end as `ends` states, by service; never when it has none."""

    time: FakeClock = field(default_factory=FakeClock)
    ends: Mapping[str, TaskEnd | None] = field(default_factory=lambda: {"web": TaskEnd(0), "worker": TaskEnd(0)})
    seconds: float = 60.0
    start_seconds: float = 0.0
    refuses_start: DeploymentFailed | None = None
    refuses_log: DeploymentFailed | None = None
    interrupt_at: float | None = None
    """Time at which the user presses Ctrl-C."""
    stops_slowly: bool = False
    records: dict[str, ReleaseRecord] = field(default_factory=dict[str, ReleaseRecord])
    runs: dict[str, float] = field(default_factory=dict[str, float])
    """Start of the run of each service that has not been stopped."""
    completed: list[str] = field(default_factory=list[str])
    """Services whose command ran to its end."""
    overlaps: int = 0
    deployed: bool = False
    notes: list[str] = field(default_factory=list[str])

    def write(self, service: str, record: ReleaseRecord) -> None:
        """Store a record."""
        self.call(f"write {service} {'done' if record.done else 'open'}", lambda: self._write(service, record))

    def _write(self, service: str, record: ReleaseRecord) -> None:
        self.records[service] = record

    def deploy(self) -> None:
        """Deploy the tasks."""
        self.call("deploy", lambda: setattr(self, "deployed", True))

    def running(self, service: str) -> str | None:
        """Return the run of a service that has not ended."""
        self.call(f"running {service}", lambda: None)
        return f"{service}-run" if service in self.runs and self._end(service) is None else None

    def start(self, service: str) -> str:
        """Start a run."""
        if self.refuses_start is not None:
            raise self.refuses_start
        assert self.deployed, "a command runs when its task is deployed"
        assert not self.records[service].done, "a run is recorded before it starts"

        def effect() -> None:
            self.overlaps += service in self.runs and self._end(service) is None
            self.runs[service] = self.time.now

        self.call(f"start {service}", effect)
        return f"{service}-run"

    def ended(self, service: str, run: str) -> TaskEnd | None:
        """Return the end of a run."""
        if self.interrupt_at is not None and self.time.now >= self.interrupt_at:
            self.interrupt_at = None
            raise KeyboardInterrupt
        self.call(f"ended {service}", lambda: None)
        if service not in self.runs:
            return TaskEnd(137)
        end = self._end(service)
        if end is not None and end.exit_code == 0 and service not in self.completed:
            self.completed.append(service)
        return end

    def stop(self, service: str, run: str) -> None:
        """Stop a run."""
        self.call(f"stop {service}", lambda: None if self.stops_slowly else self.runs.pop(service, None))

    def log(self, service: str, run: str) -> str:
        """Return thirty lines."""
        if self.refuses_log is not None:
            raise self.refuses_log
        return "\n".join(f"line {number}" for number in range(30))

    def _end(self, service: str) -> TaskEnd | None:
        return self.ends.get(service) if self.time.now - self.runs[service] >= self.seconds else None


def due(service: str = "web", release: Release = MIGRATION, *, new_task: bool = True) -> DueRelease:
    """Return a command that must run."""
    return DueRelease(service, release, ReleaseRecord(DIGEST, done=False, earlier=(EARLIER,)), new_task)


def run(stack: ScriptedStack, *commands: DueRelease) -> None:
    """Run commands on the scripted stack."""
    ReleaseDriver("prod", stack, stack.time.clock, stack.notes.append).run(commands or (due(),))


def run_again(stack: ScriptedStack, *services: str) -> None:
    """Do what a next `up` does after a kill: run what is not recorded as done; the task is new until it was deployed."""
    left = [name for name in services if not (name in stack.records and stack.records[name].done)]
    if left:
        run(stack, *(due(name, new_task=not stack.deployed) for name in left))
