"""How far an operation is, room by room, from its events. Pure: it knows no screen and no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from automation.deploy.events import (
    SAME,
    Event,
    StepCompleted,
    StepFailed,
    StepMetadata,
    StepStarted,
    normalize_operation,
)
from automation.plan.tree import rank

DOING = {
    "create": "creating", "update": "updating", "replace": "replacing", "delete": "deleting", "import": "importing",
    "read": "reading", "forget": "forgetting", SAME: "reading",
}  # fmt: skip
DID = {
    "create": "created", "update": "updated", "replace": "replaced", "delete": "deleted", "import": "imported",
    "read": "read", "forget": "forgotten", SAME: "unchanged",
}  # fmt: skip


@dataclass
class ComponentProgress:
    """One room: how many of its resources are to change (0: not known), have changed, are under way, have failed."""

    name: str
    total: int = 0
    done: int = 0
    failed: int = 0
    running: dict[str, tuple[StepMetadata, float]] = field(default_factory=dict[str, tuple[StepMetadata, float]])
    begun: float | None = None
    ended: float = 0.0

    @property
    def complete(self) -> bool:
        """True when all that was to change has."""
        return self.total > 0 and self.done >= self.total and not self.running


class Progress:
    """The rooms of an operation; `totals` are the changes that a preview found, by room."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self._rooms = {name: ComponentProgress(name, total) for name, total in totals.items()}
        self._finished: set[str] = set()

    @property
    def components(self) -> list[ComponentProgress]:
        """Rooms where anything is to change or has, in the order of the telling."""
        return sorted(self._rooms.values(), key=lambda component: rank(component.name))

    @property
    def total(self) -> int:
        """Changes that were foreseen; 0 when nothing was."""
        return sum(component.total for component in self._rooms.values())

    @property
    def done(self) -> int:
        """Resources that have changed."""
        return sum(component.done for component in self._rooms.values())

    def take(self, event: Event) -> None:
        """Follow an event; steps that change nothing leave no trace."""
        if not isinstance(event, StepStarted | StepCompleted | StepFailed) or not event.step.managed:
            return
        if normalize_operation(event.step.operation) in (SAME, "read") and not isinstance(event, StepFailed):
            return
        component = self._rooms.setdefault(event.step.component, ComponentProgress(event.step.component))
        component.begun = event.seconds if component.begun is None else component.begun
        component.ended = event.seconds
        if isinstance(event, StepStarted):
            component.running[_key(event.step)] = (event.step, event.seconds)
            return
        component.running.pop(_key(event.step), None)
        if isinstance(event, StepFailed):
            component.failed += 1
        elif event.step.urn not in self._finished:
            # a replacement has several steps and is one change
            self._finished.add(event.step.urn)
            component.done += 1


def _key(step: StepMetadata) -> str:
    return f"{step.operation} {step.urn}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `2 min 5 s`, `1 h 2 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
