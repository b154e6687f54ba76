"""What the operations on a stack give back: frozen, printable, without any secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from automation.deploy.changes import PropertyChange, ResourceChange, by_component, counted, effective
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.urn import short_type


@dataclass(frozen=True)
class Preview:
    """What an update or a destruction would change; `changes` holds unchanged resources too."""

    stack: str
    changes: tuple[ResourceChange, ...]
    new_stack: bool = False
    """True when the backend did not have the stack before."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of a cloud's resources each operation is for."""
        return counted(self.changes)

    @property
    def effective(self) -> tuple[ResourceChange, ...]:
        """The changes that change anything in the cloud."""
        return effective(self.changes)

    @property
    def components(self) -> Mapping[str, tuple[ResourceChange, ...]]:
        """The changes that change anything, by room."""
        return by_component(self.effective)


@dataclass(frozen=True)
class Outcome:
    """What an update has done; outputs have `[secret]` in place of secrets."""

    stack: str
    changes: tuple[ResourceChange, ...]
    outputs: Mapping[str, Value]
    seconds: float
    seconds_by_room: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of a cloud's resources each operation was for."""
        return counted(self.changes)


@dataclass(frozen=True)
class Drift:
    """One resource that is not as the stack left it: `changed` with its properties, or `gone`."""

    urn: str
    kind: str
    properties: tuple[PropertyChange, ...] = ()

    @property
    def short_type(self) -> str:
        """`rds:Instance`."""
        return short_type(type_of(self.urn))

    @property
    def name(self) -> str:
        """Logical name."""
        return name_of(self.urn)

    @property
    def component(self) -> str:
        """Kind of the room it stands in."""
        return component_of(self.urn)


@dataclass(frozen=True)
class Update:
    """One update of a stack's history; `version` counts from 1 where the backend does not count."""

    version: int
    kind: str
    result: str
    started_at: datetime
    seconds: float | None
    counts: Mapping[str, int]
    message: str = ""
    author: str = ""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Configuration it ran with, secrets masked."""
