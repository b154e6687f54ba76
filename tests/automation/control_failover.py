"""Failover by the commands of a cloud on its fake command line, whose process ends before or after any of them.

The driver, its record and the commands are the real ones; updates by the engine are replaced by what they leave in the cloud.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from automation.deploy.failover_record import FailoverRecord, Kind
from automation.failover.begin import begin, recorded
from automation.failover.driver import FailoverDriver
from automation.services.operations import cli_failures
from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.failover import DatabaseState, FailoverControl
from tests.automation.scripted_rollout import FakeClock, KillableCalls, Killed

Cloud = TypeVar("Cloud")

StackOf = Callable[[str], DeployedStack]
"""Return the stack in the state while a region serves."""
Complete = Callable[[DeployedStack, Shell], object]
"""Commands that complete an update of the whole stack."""


@dataclass
class KillableShell(KillableCalls):
    """Command line whose process ends before or after a command; waiting takes no time, but is seen by the clock."""

    shell: Shell
    time: FakeClock = field(default_factory=FakeClock)

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        answers: list[str] = []
        self.call(str(len(self.calls)), lambda: answers.append(self.shell.output(command)))
        return answers[0]

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`."""
        answers: list[bool] = []
        self.call(str(len(self.calls)), lambda: answers.append(self.shell.succeeds(command)))
        return answers[0]

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        """See `Shell.sleep`."""
        self.time.sleep(seconds)


class ControlPort:
    """Operations of the driver on one stack; what a killed process leaves is the shell, the record and the region that serves."""

    has_database = True
    name = "prod"

    def __init__(
        self, control: FailoverControl, stack_of: StackOf, shell: KillableShell, home: str, complete: Complete
    ) -> None:
        self.control, self.stack_of, self.shell, self.active, self.complete = control, stack_of, shell, home, complete
        self.reseeds, self.shares_entry = control.reseeds, control.shares_entry
        self.copied_objects_minutes = control.copied_objects_minutes()
        self.stored: FailoverRecord | None = None
        self.notes: list[str] = []

    @property
    def stack(self) -> DeployedStack:
        """Stack in the state."""
        return self.stack_of(self.active)

    def record(self) -> FailoverRecord | None:
        """Return the record."""
        return self.stored

    def write(self, record: FailoverRecord) -> None:
        """Store the record."""
        self.shell.call(f"write {record.phase}", lambda: setattr(self, "stored", record))

    def other(self, region: str) -> str:
        """Return the other region."""
        spec = self.stack.spec
        return (spec.standby_region or "") if region == spec.home_region else spec.home_region

    def answers(self, region: str) -> bool:
        """Ask a region."""
        return self.control.answers(self.stack, region, self.shell)

    def database(self, region: str) -> DatabaseState:
        """Ask for the state of a database."""
        with cli_failures():
            return self.control.database(self.stack, region, self.shell)

    def stop(self, region: str) -> None:
        """Stop a region."""
        with cli_failures():
            self.control.stop(self.stack, region, self.shell)

    def start(self, region: str) -> None:
        """Start a region."""
        with cli_failures():
            self.control.start(self.stack, region, self.shell)

    def promote(self, region: str, *, planned: bool) -> None:
        """Promote a replica."""
        with cli_failures():
            self.control.promote(self.stack, region, self.shell, planned=planned)

    def adopt(self, region: str) -> None:
        """Write which region serves; the engine's update of one region is tested with the engine."""
        self.shell.call(f"adopt {region}", lambda: setattr(self, "active", region))

    def test(self, region: str) -> str:
        """Ask the services of a region."""
        with cli_failures():
            return self.control.problem(self.stack, region, self.shell)

    def request(self, region: str) -> str:
        """Send a request to the entry, which answers."""
        return ""

    def route(self, region: str) -> None:
        """Move requests."""
        with cli_failures():
            self.control.route(self.stack, region, self.shell)

    def converge(self) -> None:
        """Complete the update of the whole stack."""
        with cli_failures():
            self.complete(self.stack, self.shell)

    def delete_database(self, region: str) -> None:
        """Delete a database, which no cloud with these tests does."""
        raise AssertionError(region)

    def forget_database(self, region: str) -> None:
        """Forget a database, which no cloud with these tests does."""
        raise AssertionError(region)

    def move(self, kind: Kind, *, planned: bool) -> FailoverRecord:
        """Do what the command does: continue what is recorded, or begin."""
        record = recorded(self, kind)
        if record is None:
            record, _ = begin(self, kind, planned=planned, force=False)
        return FailoverDriver(self.name, self, self.shell.time.clock, self.notes.append).run(record)

    def has_ended(self, region: str) -> bool:
        """Return whether the record says that a region serves, so that the same command would begin another move."""
        return self.stored is not None and not self.stored.open and self.active == region


def killed_at_every_call(
    begun: Callable[[], tuple[ControlPort, Cloud]],
    run: Callable[[ControlPort], object],
    target: str,
    ended: Callable[[ControlPort, Cloud], object],
) -> None:
    """End the process of a move before and after each of its calls, and assert that the same command gets to the same end."""
    port, cloud = begun()
    run(port)
    calls = len(port.shell.calls)
    assert calls > 20
    ended(port, cloud)
    for kill_at in range(2 * calls):
        port, cloud = begun()
        port.shell.kill_at = kill_at
        with suppress(Killed):
            run(port)
        if not port.has_ended(target):
            run(port)
        port.shell.kill_at = None
        ended(port, cloud)
