"""Display of a running operation: a live tree on a terminal, lines in a pipe, JSON lines with --json."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from automation.cli.formats import PAST_VERBS, PROGRESS_VERBS, console, duration, print_json_line
from automation.cli.json_lines import event_json
from automation.deploy.events import (
    SAME,
    EngineMessage,
    Event,
    OnEvent,
    StepCompleted,
    StepFailed,
    StepMetadata,
    StepStarted,
    normalize_operation,
)
from automation.deploy.results import Clock
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


if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from automation.rollout.driver import RolloutProgress

MAX_RUNNING = 3
"""Running steps shown of each component."""
FRAMES_PER_SECOND = 4


class Display:
    """Display of the operations of one command; a warning that several of them repeat is shown once."""

    def __init__(self, *, as_json: bool, clock: Clock | None = None) -> None:
        self.as_json, self.clock = as_json, clock or Clock()
        self._messages = set[str]()
        self._phase = ""
        self._is_running = self._has_changed = False

    @property
    def interruption(self) -> str:
        """Message for an interrupt by the user: the phase, and whether the cloud may have changed."""
        if not self._phase:
            return "interrupted before the operation; nothing was changed"
        effect = "completed operations are saved in the state" if self._has_changed else "the cloud was not changed"
        return f"{self._phase}: interrupted {'here' if self._is_running else 'after this'}; {effect}"

    @contextmanager
    def _in_phase(self, title: str, *, changes: bool) -> Generator[None]:
        """Record the phase; after an exception it counts as running still."""
        self._phase, self._is_running = title, True
        self._has_changed = self._has_changed or changes
        yield
        self._is_running = False

    @contextmanager
    def read_only(self, title: str) -> Generator[OnEvent]:
        """Yield the event callback of an operation that changes nothing: shows messages and a resource count.

        With --json nothing is printed before the result.
        """
        with self._in_phase(title, changes=False), self._read_only(title) as on_event:
            yield on_event

    @contextmanager
    def _read_only(self, title: str) -> Generator[OnEvent]:
        if self.as_json:
            yield lambda event: None
        elif sys.stdout.isatty():
            urns = set[str]()
            with _live(lambda seconds: f"{title}  {len(urns)} resources  {duration(seconds)}", self.clock) as screen:

                def on_event(event: Event) -> None:
                    if isinstance(event, StepStarted | StepCompleted) and event.step.managed:
                        urns.add(event.step.urn)
                    self._print_message(
                        event, lambda text: screen.print(text, style="yellow", highlight=False, markup=False)
                    )

                yield on_event
        else:
            yield lambda event: self._print_message(event, print)

    @contextmanager
    def changes(self, title: str, totals: Mapping[str, int]) -> Generator[OnEvent]:
        """Yield the event callback of an operation that changes resources; `totals` is the forecast by component."""
        with self._in_phase(title, changes=True), self._changes(title, totals) as on_event:
            yield on_event

    @contextmanager
    def _changes(self, title: str, totals: Mapping[str, int]) -> Generator[OnEvent]:
        if self.as_json:
            yield _print_json
        elif sys.stdout.isatty():
            progress, lock = Progress(totals), Lock()

            def tree(seconds: float) -> "RenderableType":
                with lock:
                    return progress_tree(title, progress, seconds)

            with _live(tree, self.clock, transient=False) as screen:

                def on_event(event: Event) -> None:
                    with lock:
                        progress.take(event)
                    if isinstance(event, EngineMessage | StepFailed):
                        style = "yellow" if isinstance(event, EngineMessage) else "bold red"
                        self._print_message(
                            event, lambda text: screen.print(text, style=style, highlight=False, markup=False)
                        )

                yield on_event
        else:
            yield lambda event: self._print_event(event, print)

    @contextmanager
    def rollouts(self, title: str) -> "Generator[Callable[[RolloutProgress], None]]":
        """Yield the callback of the rollouts of services: a live line on a terminal, lines in a pipe, events with --json."""
        from automation.cli.rollout_text import RolloutLines, progress_json, progress_line

        with self._in_phase(title, changes=True):
            if self.as_json:
                yield lambda progress: print_json_line(progress_json(progress))
            elif sys.stdout.isatty():
                latest: list[RolloutProgress] = []
                with _live(lambda seconds: progress_line(latest[-1]) if latest else title, self.clock) as screen:

                    def on_progress(progress: "RolloutProgress") -> None:
                        latest[:] = [progress]
                        if progress.text and progress.bake is None:
                            screen.print(progress_line(progress), highlight=False, markup=False)

                    yield on_progress
            else:
                lines = RolloutLines(self.clock)
                yield lines.take

    def note(self, text: str) -> None:
        """Print progress of this program between operations: a line, or a message event with --json."""
        if self.as_json:
            print_json_line({"event": "message", "severity": "info", "text": text})
        else:
            print(text, flush=True)

    def _print_message(self, event: Event, write: Callable[[str], object]) -> None:
        if isinstance(event, EngineMessage | StepFailed):
            self._print_event(event, write)

    def _print_event(self, event: Event, write: Callable[[str], object]) -> None:
        text = event_line(event)
        if text is None or text in self._messages:
            return
        if isinstance(event, EngineMessage):
            self._messages.add(text)
        write(text)


@contextmanager
def _live(frame: "Callable[[float], RenderableType]", clock: Clock, *, transient: bool = True) -> "Generator[Console]":
    """Render a frame several times a second, given the seconds since its start; only for a terminal."""
    from rich.live import Live

    start, screen = clock.seconds(), console()
    with Live(
        get_renderable=lambda: frame(clock.seconds() - start),
        console=screen,
        refresh_per_second=FRAMES_PER_SECOND,
        transient=transient,
    ):
        yield screen


def _print_json(event: Event) -> None:
    document = event_json(event)
    if document is not None:
        print_json_line(document)


def event_line(event: Event) -> str | None:
    """Return the line of an event; None for one that is not shown."""
    if isinstance(event, EngineMessage):
        return _message_line(event)
    # the engine reports a replacement three times: the new resource, the old one, and both together
    if not isinstance(event, StepCompleted | StepFailed) or not event.step.managed or event.step.operation == "replace":
        return None
    operation = normalize_operation(event.step.operation)
    if operation in (SAME, "read") and isinstance(event, StepCompleted):
        return None
    verb = PAST_VERBS.get(operation, operation) if isinstance(event, StepCompleted) else "FAILED"
    return f"{duration(event.seconds):>10}  {event.step.component:<12}  {verb:<9}  {event.step.short_type} {event.step.name}"


def _message_line(event: EngineMessage) -> str | None:
    if event.severity == "warning":
        return f"warning: {event.text.partition(chr(10))[0]}"
    return event.text if event.severity == "info" and not event.from_engine else None


def progress_tree(title: str, progress: Progress, seconds: float) -> "RenderableType":
    """Return one line for the operation and one for each component."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(headline(title, progress, seconds), "bold"), guide_style="dim")
    for component in progress.components:
        tree.add(Text(component_line(component, seconds), component_style(component)))
    return tree


def headline(title: str, progress: Progress, seconds: float) -> str:
    """Return `prod  updating  12 of 281  1 min 5 s`."""
    of_total = f" of {progress.total}" if progress.total else ""
    return f"{title}  {progress.done}{of_total}  {duration(seconds)}"


def component_line(component: ComponentProgress, seconds: float) -> str:
    """Return `Network       12 of 107  creating prod-network-nat-0 40 s`."""
    of_total = f" of {component.total}" if component.total else ""
    failed = f"  {component.failed} failed" if component.failed else ""
    count = f"{component.done}{of_total}"
    if not component.running:
        done = component.started is not None and component.done
        elapsed = f"  {duration(component.ended - (component.started or 0))}" if done else ""
        return f"{component.name:<14}{count:>10}{failed}{elapsed}"
    oldest = sorted(component.running.values(), key=lambda running: running[1])[:MAX_RUNNING]
    steps = ", ".join(
        f"{_progress_verb(step.operation)} {step.name} {duration(max(0.0, seconds - start))}" for step, start in oldest
    )
    more = f" and {len(component.running) - len(oldest)} more" if len(component.running) > len(oldest) else ""
    return f"{component.name:<14}{count:>10}{failed}  {steps}{more}"


def _progress_verb(operation: str) -> str:
    return PROGRESS_VERBS.get(normalize_operation(operation), operation)


def component_style(component: ComponentProgress) -> str:
    """Return red for a failure, green for a complete component, dim for one that has not started."""
    if component.failed:
        return "red"
    if component.complete:
        return "green"
    return "" if component.started is not None else "dim"
