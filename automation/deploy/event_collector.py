"""The events of one operation as they come: kept, timed by room, and handed on to whoever watches."""

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from automation.deploy.changes import SAME, word_for
from automation.deploy.clock import Clock
from automation.deploy.events import Event, OnEvent, StepBegun, StepDone, StepFailed, event_of

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent


class Collected:
    """The events since it was made; `take` is called by the SDK in threads of its own."""

    def __init__(self, clock: Clock, on_event: OnEvent | None = None) -> None:
        self.clock, self.on_event = clock, on_event
        self.begun = clock.seconds()
        self.events = list[Event]()
        self.problem: Exception | None = None
        self._lock = Lock()

    def hand_on_problem(self) -> None:
        """Raise what `on_event` raised, if it did."""
        if self.problem is not None:
            raise self.problem

    def take(self, told: "EngineEvent") -> None:
        """Keep an event of the engine. What `on_event` raises is kept too: raised here it would only be a warning."""
        with self._lock:
            event = event_of(told, self.seconds)
            if event is None:
                return
            self.events.append(event)
            if self.on_event is None or self.problem is not None:
                return
            try:
                self.on_event(event)
            except Exception as problem:  # whatever it is, the caller gets it when the engine has ended
                self.problem = problem

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self.clock.seconds() - self.begun

    @property
    def seconds_by_room(self) -> Mapping[str, float]:
        """Seconds from the first change to the last in each room where anything changed; rooms work side by side."""
        spans: dict[str, tuple[float, float]] = {}
        for event in self.events:
            if (
                isinstance(event, StepBegun | StepDone | StepFailed)
                and event.step.made
                and word_for(event.step.operation) != SAME
            ):
                first, _ = spans.get(event.step.component, (event.seconds, event.seconds))
                spans[event.step.component] = (first, event.seconds)
        return {component: last - first for component, (first, last) in spans.items()}
