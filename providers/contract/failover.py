"""Failover between the two regions of a warm standby: what a cloud must do, and what the driver reads. Pure.

The driver of `automation.failover` decides the order and records it. Every method here can be repeated, and asks one region alone,
so that a region that does not answer is not needed for what happens in the other one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from providers.contract.cli import CliCommand, DeployedStack, Shell

PROBE_SECONDS = 10
"""Time for a region to answer a question that it answers within a second as a rule."""


@dataclass(frozen=True)
class DatabaseState:
    """Database of a region. `lag_seconds` is the delay of a replica, None when nothing has reported it lately."""

    exists: bool
    writes: bool = False
    """True for a database that is no replica, also one that was promoted by hand."""
    available: bool = False
    lag_seconds: float | None = None


@dataclass(frozen=True)
class Move:
    """Regions of a failover: `source` serves when it begins, `target` when it ends."""

    source: str
    target: str


@dataclass(frozen=True)
class Notice:
    """Message to the people who receive the critical alarms; it names no secret."""

    subject: str
    """One line of at most 100 ASCII characters: the limit of Amazon SNS."""
    text: str


@dataclass(frozen=True)
class FailoverCommands:
    """Commands of each step on a cloud, with the names of the stack, for `--dry-run`."""

    stop: Sequence[CliCommand] = ()
    promote: Sequence[CliCommand] = ()
    route: Sequence[CliCommand] = ()
    delete: Sequence[CliCommand] = ()
    """Commands that delete the database of the source of a failback, which keeps a last snapshot."""
    minutes: Mapping[str, float] = field(default_factory=dict[str, float])
    """Expected minutes of each step by its name here."""


@dataclass(frozen=True)
class Address:
    """Address of a region's entry, to which a smoke test connects without DNS."""

    host: str
    port: int

    @classmethod
    def of_entry(cls, host: object, stack: DeployedStack) -> "Address":
        """Return the address of a load balancer, which serves HTTPS with a domain and HTTP without one."""
        return cls(str(host), 443 if stack.spec.ingress.domain else 80)


class FailoverControl(Protocol):
    """Commands that move a deployed stack between its regions; `shell` runs the cloud's command line.

    Methods raise CliFailure or DeploymentFailed. The module `providers/<cloud>/recovery/control.py` ends with
    `CONTROL: FailoverControl = <Cloud>Failover()`, which the type checker checks against this Protocol.
    """

    def answers(self, stack: DeployedStack, region: str, shell: Shell) -> bool:
        """Return within seconds whether a region answers."""
        ...

    def database(self, stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
        """Return the state of the database in a region."""
        ...

    def stop(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """Stop every service and every schedule of a region, so that nothing there writes."""
        ...

    def start(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """Undo `stop`, with the replicas of the spec."""
        ...

    def promote(self, stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
        """Begin the promotion of the replica in a region; the caller waits until it writes and is available.

        A `planned` one follows the stop of the other region and the end of the replication, and may ask that region.
        """
        ...

    def route(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """Point the domain to a region; nothing without a domain."""
        ...

    def address(self, stack: DeployedStack, region: str) -> Address | None:
        """Return the address of a region's entry from the state; None without public services."""
        ...

    def notify(self, stack: DeployedStack, region: str, notice: Notice, shell: Shell) -> bool:
        """Send a message to the channels of the critical alarms through a region that answers; False without a channel."""
        ...

    def delete_database(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """Begin the deletion of the database in a region after a last snapshot, so that a replica can take its place."""
        ...

    @property
    def reseeds(self) -> bool:
        """True when a database that no longer follows is deleted for a new replica; false when nothing is ever deleted."""
        ...

    @property
    def shares_entry(self) -> bool:
        """True when both regions have one address, so that a request reaches a region only after `route`."""
        ...

    def problem(self, stack: DeployedStack, region: str, shell: Shell) -> str:
        """Return why the services of a region are not ready for requests; empty when they are, or when a request shows it."""
        ...

    def commanded_types(self) -> Collection[str]:
        """Return the type tokens of the resources that `stop` and `start` change besides what the role of a region decides."""
        ...

    def copied_objects_minutes(self) -> int:
        """Return the minutes after which an object is in the other region as a rule."""
        ...

    def database_type(self) -> str:
        """Return the type token of the database in the state."""
        ...

    def copies(self, stack: DeployedStack, region: str) -> Sequence[str]:
        """Return the logical names of the resources that copy backups of a region's database, and are gone when it is deleted."""
        ...

    def commands(self, stack: DeployedStack, move: Move, *, planned: bool) -> FailoverCommands:
        """Return the commands of each step without running any."""
        ...
