"""What a recovery found and did, step by step: frozen, printable, without any secret."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from automation.deploy.results import Outcome


class Topic(StrEnum):
    """What a step is about."""

    PROCESS = "process"
    LOCK = "lock"
    FILE = "file"
    PENDING = "pending"
    IMPORTED = "imported"
    LOOKED_FOR = "looked for"
    ORPHAN = "orphan"
    UNSEARCHED = "unsearched"
    DRIFT = "drift"
    STATE = "state"
    NEXT = "next"


RECOVERED = frozenset({Topic.PROCESS, Topic.LOCK, Topic.FILE, Topic.PENDING, Topic.IMPORTED, Topic.ORPHAN, Topic.DRIFT})
"""Topics that an undisturbed stack gives no cause for."""


@dataclass(frozen=True)
class RecoveryStep:
    """One thing that was found and what was done about it, or with `dry_run` what would be; `subject` names it."""

    topic: Topic
    subject: str
    told: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.told}" if self.subject else self.told


OnStep = Callable[[RecoveryStep], object]


@dataclass(frozen=True)
class Recovered:
    """What a recovery found and did; `refreshed` is what the refresh took over."""

    stack: str
    steps: tuple[RecoveryStep, ...]
    dry_run: bool = False
    refreshed: Outcome | None = None

    @property
    def whole(self) -> bool:
        """True when there was nothing to recover."""
        return all(step.topic not in RECOVERED for step in self.steps)

    @property
    def imported(self) -> tuple[str, ...]:
        """Names of the resources that were taken over from the cloud."""
        return tuple(step.subject for step in self.steps if step.topic is Topic.IMPORTED)

    @property
    def orphans(self) -> tuple[str, ...]:
        """Addresses of the objects that bear the stack's tags and that only people can settle."""
        return tuple(step.subject for step in self.steps if step.topic is Topic.ORPHAN)
