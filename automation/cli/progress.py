"""Progress of an operation by component, from its events. Pure: uses neither terminal nor clock."""

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


@dataclass
class ComponentProgress:
    """Resource counts of one component; `total` is 0 without a forecast."""

    name: str
    total: int = 0
    done: int = 0
    failed: int = 0
    running: dict[str, tuple[StepMetadata, float]] = field(default_factory=dict[str, tuple[StepMetadata, float]])
    """Steps in progress, with the seconds at which they started."""
    started: float | None = None
    ended: float = 0.0

    @property
    def complete(self) -> bool:
        """True if every change of the forecast is done."""
        return self.total > 0 and self.done >= self.total and not self.running


class Progress:
    """Components of an operation; `totals` are the changes of its preview by component."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self._components = {name: ComponentProgress(name, total) for name, total in totals.items()}
        self._finished: set[str] = set()

    @property
    def components(self) -> list[ComponentProgress]:
        """Components with changes, in display order."""
        return sorted(self._components.values(), key=lambda component: rank(component.name))

    @property
    def total(self) -> int:
        """Changes of the forecast; 0 without one."""
        return sum(component.total for component in self._components.values())

    @property
    def done(self) -> int:
        """Resources that have changed."""
        return sum(component.done for component in self._components.values())

    def take(self, event: Event) -> None:
        """Add an event; steps that change nothing are ignored."""
        if not isinstance(event, StepStarted | StepCompleted | StepFailed) or not event.step.managed:
            return
        if normalize_operation(event.step.operation) in (SAME, "read") and not isinstance(event, StepFailed):
            return
        name = event.step.component
        component = self._components.setdefault(name, ComponentProgress(name))
        component.started = event.seconds if component.started is None else component.started
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
