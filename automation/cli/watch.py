"""An operation as it goes on: a live tree on a terminal, lines where it is piped, JSON for machines.

Each is a context whose value takes the events; leaving it gives the screen back.
"""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from automation.cli.json_lines import event_json, line
from automation.cli.progress import DID, DOING, ComponentProgress, Progress, duration
from automation.deploy.clock import Clock
from automation.deploy.events import (
    SAME,
    EngineMessage,
    Event,
    OnEvent,
    StepCompleted,
    StepFailed,
    StepStarted,
    normalize_operation,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

RUNNING_SHOWN = 3
FRAMES_A_SECOND = 4


class Watch:
    """Shows the operations of one command; a warning that several of them give is shown once."""

    def __init__(self, *, as_json: bool, clock: Clock | None = None) -> None:
        self.as_json, self.clock = as_json, clock or Clock()
        self.said = set[str]()

    @contextmanager
    def looking(self, title: str) -> Generator[OnEvent]:
        """While a preview or a search for drift goes on, which changes nothing: only what is said, and that it goes on.

        Machines get one document at the end, and nothing before it.
        """
        if self.as_json:
            yield lambda event: None
        elif sys.stdout.isatty():
            seen = set[str]()
            with _drawn(lambda seconds: f"{title}  {len(seen)} resources  {duration(seconds)}", self.clock) as screen:

                def on_event(event: Event) -> None:
                    if isinstance(event, StepStarted | StepCompleted) and event.step.managed:
                        seen.add(event.step.urn)
                    self._say(event, lambda text: screen.print(text, style="yellow", highlight=False, markup=False))

                yield on_event
        else:
            yield lambda event: self._say(event, print)

    @contextmanager
    def making(self, title: str, totals: Mapping[str, int]) -> Generator[OnEvent]:
        """While changes are made; `totals` are those that were foreseen, by room."""
        if self.as_json:
            yield _print_json
        elif sys.stdout.isatty():
            progress, lock = Progress(totals), Lock()

            def tree(seconds: float) -> "RenderableType":
                with lock:
                    return progress_tree(title, progress, seconds)

            with _drawn(tree, self.clock, transient=False) as screen:

                def on_event(event: Event) -> None:
                    with lock:
                        progress.take(event)
                    if isinstance(event, EngineMessage | StepFailed):
                        style = "yellow" if isinstance(event, EngineMessage) else "bold red"
                        self._say(event, lambda text: screen.print(text, style=style, highlight=False, markup=False))

                yield on_event
        else:
            yield lambda event: self._tell(event, print)

    def _say(self, event: Event, write: Callable[[str], object]) -> None:
        if isinstance(event, EngineMessage | StepFailed):
            self._tell(event, write)

    def _tell(self, event: Event, write: Callable[[str], object]) -> None:
        text = line_of(event)
        if text is None or text in self.said:
            return
        if isinstance(event, EngineMessage):
            self.said.add(text)
        write(text)


@contextmanager
def _drawn(frame: "Callable[[float], RenderableType]", clock: Clock, *, transient: bool = True) -> "Generator[Console]":
    """A frame that is drawn anew a few times a second, given its age in seconds; only for a terminal."""
    from rich.live import Live

    from automation.cli.plan_text import console

    begun, screen = clock.seconds(), console()
    with Live(
        get_renderable=lambda: frame(clock.seconds() - begun),
        console=screen,
        refresh_per_second=FRAMES_A_SECOND,
        transient=transient,
    ):
        yield screen


def _print_json(event: Event) -> None:
    document = event_json(event)
    if document is not None:
        print(line(document), flush=True)


def line_of(event: Event) -> str | None:
    """The line of an event, or None for one that says nothing to a reader."""
    if isinstance(event, EngineMessage):
        return _saying(event)
    # the engine tells a replacement three times: the new one, the old one, and both together
    if not isinstance(event, StepCompleted | StepFailed) or not event.step.managed or event.step.operation == "replace":
        return None
    operation = normalize_operation(event.step.operation)
    if operation in (SAME, "read") and isinstance(event, StepCompleted):
        return None
    verb = DID.get(operation, operation) if isinstance(event, StepCompleted) else "FAILED"
    return f"{duration(event.seconds):>10}  {event.step.component:<12}  {verb:<9}  {event.step.short_type} {event.step.name}"


def _saying(event: EngineMessage) -> str | None:
    first = event.text.partition("\n")[0]
    if event.severity == "warning":
        return f"warning: {first}"
    return first if event.severity == "info" and not event.from_engine else None


def progress_tree(title: str, progress: Progress, seconds: float) -> "RenderableType":
    """A line for the whole and one for each room."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(headline(title, progress, seconds), "bold"), guide_style="dim")
    for component in progress.components:
        tree.add(Text(component_line(component, seconds), component_style(component)))
    return tree


def headline(title: str, progress: Progress, seconds: float) -> str:
    """`prod  updating  12 of 281  1 min 5 s`."""
    of_total = f" of {progress.total}" if progress.total else ""
    return f"{title}  {progress.done}{of_total}  {duration(seconds)}"


def component_line(component: ComponentProgress, seconds: float) -> str:
    """`Network       12 of 107  creating prod-network-nat-0 40 s`."""
    of_total = f" of {component.total}" if component.total else ""
    failed = f"  {component.failed} failed" if component.failed else ""
    count = f"{component.done}{of_total}"
    if not component.running:
        took = (
            f"  {duration(component.ended - component.begun)}" if component.begun is not None and component.done else ""
        )
        return f"{component.name:<14}{count:>10}{failed}{took}"
    oldest = sorted(component.running.values(), key=lambda running: running[1])[:RUNNING_SHOWN]
    doing = ", ".join(
        f"{DOING.get(normalize_operation(step.operation), step.operation)} {step.name} {duration(max(0.0, seconds - since))}"
        for step, since in oldest
    )
    more = f" and {len(component.running) - len(oldest)} more" if len(component.running) > len(oldest) else ""
    return f"{component.name:<14}{count:>10}{failed}  {doing}{more}"


def component_style(component: ComponentProgress) -> str:
    """Red where something failed, green where all is done, plain while it goes on, dim before."""
    if component.failed:
        return "red"
    if component.complete:
        return "green"
    return "" if component.begun is not None else "dim"
