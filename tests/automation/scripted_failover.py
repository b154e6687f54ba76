"""Scripted stack in two regions: a database that is promoted and copied in time, faults, and the end of the process at any call."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from automation.deploy.errors import DeploymentFailed
from automation.deploy.failover_record import FailoverRecord, Kind
from automation.failover.begin import begin, recorded
from automation.failover.driver import FailoverDriver
from providers.contract.failover import DatabaseState
from tests.automation.scripted_rollout import FakeClock, KillableCalls

HOME, STANDBY = "us-west-2", "us-east-1"
REGIONS = (HOME, STANDBY)
PROMOTION_SECONDS, DELETION_SECONDS, SEED_SECONDS = 300.0, 200.0, 600.0


@dataclass
class ScriptedDatabase:
    """Database of a region; `ready_at` is when what was begun ends."""

    exists: bool = True
    writes: bool = False
    ready_at: float = 0.0
    deleting: bool = False
    busy_until: float = 0.0
    """End of a change, such as a backup, during which it is neither available nor another database."""


@dataclass
class ScriptedRegions(KillableCalls):
    """Cloud and engine of a stack in two regions; the invariants that a failover must keep are asserted in each call."""

    time: FakeClock = field(default_factory=FakeClock)
    name: str = "prod"
    has_database: bool = True
    reseeds: bool = True
    """False for a cloud whose databases follow by themselves after a promotion."""
    copied_objects_minutes: int = 15
    shares_entry: bool = False
    """True for a cloud with one entry for both regions."""
    problem_after_route: str = ""
    """Why the entry of both regions does not answer."""
    active: str = HOME
    """Region in the stack file."""
    served: str = HOME
    """Region to which the domain points."""
    down: Callable[[str, float], bool] = lambda _region, _now: False
    lag: Callable[[float], float | None] = lambda _now: 0.0
    problem: str = ""
    """Why the entry of each region does not answer."""
    stored: FailoverRecord | None = None
    running: set[str] = field(default_factory=lambda: {HOME})
    """Regions whose services may write."""
    databases: dict[str, ScriptedDatabase] = field(
        default_factory=lambda: {HOME: ScriptedDatabase(writes=True), STANDBY: ScriptedDatabase()}
    )
    forgotten: set[str] = field(default_factory=set[str])
    snapshots: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def record(self) -> FailoverRecord | None:
        """Return the record."""
        return self.stored

    def other(self, region: str) -> str:
        """Return the other region."""
        return STANDBY if region == HOME else HOME

    def write(self, record: FailoverRecord) -> None:
        """Store a record."""
        self.call(f"write {record.phase}", lambda: setattr(self, "stored", record))

    def answers(self, region: str) -> bool:
        """Return whether a region answers."""
        self.call(f"answers {region}", lambda: None)
        return not self.down(region, self.time.now)

    def database(self, region: str) -> DatabaseState:
        """Return the state of a database."""
        self._reach(region)
        self.call(f"database {region}", lambda: None)
        found = self.databases[region]
        if found.deleting and self.time.now >= found.ready_at:
            found.exists, found.deleting = False, False
        available = self.time.now >= found.ready_at and not found.deleting
        writes = found.writes and (available or found.deleting)
        available = available and self.time.now >= found.busy_until
        return DatabaseState(found.exists, writes, available, None if writes else self.lag(self.time.now))

    def stop(self, region: str) -> None:
        """Stop a region."""
        self._reach(region)
        self.call(f"stop {region}", lambda: self.running.discard(region))

    def start(self, region: str) -> None:
        """Start a region."""
        self._reach(region)
        self.call(f"start {region}", lambda: self.running.add(region))

    def promote(self, region: str, *, planned: bool) -> None:
        """Promote a replica: nothing in the other region may write, unless it does not answer."""
        self._reach(region)
        other = self.other(region)
        assert not planned or not self.down(other, self.time.now), "a promotion without loss needs both regions"
        assert other not in self.running or self.down(other, self.time.now), "two regions would write"
        assert not self.databases[region].writes, "a database is promoted once"

        def effect() -> None:
            self.databases[region].writes = True
            self.databases[region].ready_at = self.time.now + PROMOTION_SECONDS
            if not self.reseeds:  # the cloud makes the other one a replica, as soon as its region answers
                self.databases[other].writes = False

        self.call(f"promote {region}", effect)

    def adopt(self, region: str) -> None:
        """Give a region its role."""
        self._reach(region)
        assert not self.has_database or self.databases[region].writes, "a region with a replica does not serve"

        def effect() -> None:
            self.active = region
            self.running.add(region)

        self.call(f"adopt {region}", effect)

    def test(self, region: str) -> str:
        """Test the entry."""
        self._reach(region)
        self.call(f"test {region}", lambda: None)
        return self.problem

    def request(self, region: str) -> str:
        """Send a request to the entry."""
        self._reach(region)
        assert self.served == region, "the entry leads to the other region"
        self.call(f"request {region}", lambda: None)
        return self.problem_after_route

    def route(self, region: str) -> None:
        """Point the domain to a region."""
        self._reach(region)
        assert self.active == region, "DNS is changed last"
        self.call(f"route {region}", lambda: setattr(self, "served", region))

    def converge(self) -> None:
        """Update the stack: the region that does not serve is reduced, and a forgotten database is created."""
        for region in REGIONS:
            self._reach(region)

        def effect() -> None:
            self.running = {self.active}
            for region in self.forgotten:
                self.databases[region] = ScriptedDatabase(ready_at=self.time.now + SEED_SECONDS)
            self.forgotten = set()

        self.call("converge", effect)

    def delete_database(self, region: str) -> None:
        """Delete a database; that of the region that serves never is."""
        self._reach(region)
        assert region not in (self.active, self.served), "the database that serves is deleted"
        assert self.databases[self.active].writes, "the only database that writes is deleted"

        def effect() -> None:
            self.databases[region].deleting = True
            self.databases[region].ready_at = self.time.now + DELETION_SECONDS
            self.snapshots.append(region)

        self.call(f"delete {region}", effect)

    def forget_database(self, region: str) -> None:
        """Remove a database from the state."""
        assert not self.databases[region].exists
        self.call(f"forget {region}", lambda: self.forgotten.add(region))

    def _reach(self, region: str) -> None:
        assert not self.down(region, self.time.now), f"a call into {region}, which does not answer"


def move(
    stack: ScriptedRegions, kind: Kind = "failover", *, planned: bool = True, force: bool = False
) -> FailoverRecord:
    """Do what the command does: continue what is recorded, or begin."""
    record = recorded(stack, kind)
    if record is None:
        record, _ = begin(stack, kind, planned=planned, force=force)
    return FailoverDriver("prod", stack, stack.time.clock, stack.notes.append, force=force).run(record)


def after_failover(stack: ScriptedRegions | None = None) -> ScriptedRegions:
    """Return a stack whose standby region serves, both regions answering again."""
    stack = stack or ScriptedRegions()
    move(stack)
    stack.calls.clear()
    return stack


def failing(problem: DeploymentFailed) -> Callable[[], FailoverRecord | None]:
    """Return a reader of a record that fails."""

    def read() -> FailoverRecord | None:
        raise problem

    return read


def lost(region: str, *, until: float = float("inf"), since: float = 0.0) -> Callable[[str, float], bool]:
    """Return when a region does not answer."""
    return lambda each, now: each == region and since <= now < until


def written_by_hand(stack: ScriptedRegions) -> ScriptedRegions:
    """Return a stack whose replica was promoted in the console."""
    stack.databases[STANDBY] = replace(stack.databases[STANDBY], writes=True)
    return stack
