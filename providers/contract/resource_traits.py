"""What whoever deploys must know of a cloud's resources: which hold something, which revision runs, which password turns.

Pure tables by type token, one for each cloud; no SDK is needed to read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

DATABASE_PASSWORD = "database-password"  # noqa: S105  # a name
CACHE_PASSWORD = "cache-password"  # noqa: S105  # a name
PASSWORD_TYPE = "random:index/randomPassword:RandomPassword"  # noqa: S105  # a type token


@dataclass(frozen=True)
class StatefulType:
    """A type of resource that holds what no update can bring back; `holds` says what is lost with it."""

    type: str
    holds: str


@dataclass(frozen=True)
class ServiceType:
    """A type of service: where its state tells the revision that was asked for and the one that runs.

    Paths are as on the wire; `wanted_in` and `running_in` say whether among the inputs or the outputs. A property of
    `failed` with one of its values says that the cloud gave the revision up.
    """

    type: str
    wanted: str
    running: str
    wanted_in: str = "outputs"
    running_in: str = "outputs"
    failed: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class ReplacingChange:
    """A key of the spec that cannot change in place on a cloud: the type that is made anew or deleted, and why."""

    key: str
    type: str
    why: str


@dataclass(frozen=True)
class RotatablePassword:
    """A password of the platform that can be made anew: the room that makes it, and the part whose users hold it.

    It is made anew `rounds` times until the one before opens nothing, and not before it is `pause_seconds` old.
    `refused` says, where a cloud makes it by itself, why not and what to do instead.
    """

    name: str
    component: str
    part: str
    rounds: int = 1
    pause_seconds: int = 0
    refused: str = ""


@dataclass(frozen=True)
class ResourceTraits:
    """One cloud's tables; a key that `losing` does not name replaces nothing that holds something."""

    stateful: tuple[StatefulType, ...]
    running: tuple[ServiceType, ...]
    losing: tuple[ReplacingChange, ...] = ()
    passwords: tuple[RotatablePassword, ...] = ()

    @cached_property
    def holds(self) -> Mapping[str, str]:
        """What a type of resource holds, by type token; passwords hold something on every cloud."""
        return {PASSWORD_TYPE: "a password in use", **{row.type: row.holds for row in self.stateful}}

    @cached_property
    def services(self) -> Mapping[str, ServiceType]:
        """Services by type token."""
        return {row.type: row for row in self.running}
