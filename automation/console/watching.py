"""An operation as it goes on: a live tree on a terminal, lines where it is piped, JSON for machines.

Each is a context whose value takes the events; leaving it gives the screen back.
"""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Lock

from automation.console.json_lines import event_json, line
from automation.console.progress import DID, DOING, Progress, Room, duration
from automation.deployment.changes import SAME, word_for
from automation.deployment.clock import Clock
from automation.deployment.events import Done, Event, Failed, OnEvent, Said

RUNNING_SHOWN = 3
FRAMES_A_SECOND = 4


@contextmanager
def watching(title: str, totals: Mapping[str, int], *, as_json: bool, clock: Clock | None = None) -> Generator[OnEvent]:
    """Show events as they come, in the way that suits where they go."""
    if as_json:
        yield json_watcher()
    elif sys.stdout.isatty():
        with live(title, Progress(totals), clock or Clock()) as on_event:
            yield on_event
    else:
        yield line_watcher(print)


def json_watcher() -> OnEvent:
    """Print every event that says something as a JSON object on a line."""

    def on_event(event: Event) -> None:
        document = event_json(event)
        if document is not None:
            print(line(document), flush=True)

    return on_event


def line_watcher(write: Callable[[str], object]) -> OnEvent:
    """Write a line for every resource that has changed or failed, and for every warning, each warning once."""
    warned = set[str]()

    def on_event(event: Event) -> None:
        text = line_of(event)
        if text is None or text in warned:
            return
        if isinstance(event, Said):
            warned.add(text)
        write(text)

    return on_event


def line_of(event: Event) -> str | None:
    """The line of an event, or None for one that says nothing to a reader."""
    if isinstance(event, Said):
        first = event.text.partition("\n")[0]
        return (
            f"{event.severity}: {first}"
            if event.severity == "warning" or event.text.startswith("waiting for")
            else None
        )
    if not isinstance(event, Done | Failed) or not event.step.made:
        return None
    operation = word_for(event.step.operation)
    if operation in (SAME, "read") and isinstance(event, Done):
        return None
    verb = DID.get(operation, operation) if isinstance(event, Done) else "FAILED"
    return f"{duration(event.seconds):>10}  {event.step.room:<12}  {verb:<9}  {event.step.short_type} {event.step.name}"


@contextmanager
def live(title: str, progress: Progress, clock: Clock) -> Generator[OnEvent]:
    """A tree by room that is drawn anew as events come; only for a terminal."""
    from rich.live import Live
    from rich.text import Text
    from rich.tree import Tree

    from automation.plan.render import console

    lock, begun, screen = Lock(), clock.seconds(), console()

    def drawn() -> Tree:
        with lock:
            seconds = clock.seconds() - begun
            tree = Tree(Text(headline(title, progress, seconds), "bold"), guide_style="dim")
            for room in progress.rooms:
                tree.add(Text(room_line(room, seconds), room_style(room)))
            return tree

    warned = set[str]()

    def on_event(event: Event) -> None:
        with lock:
            progress.take(event)
        text = line_of(event) if isinstance(event, Said | Failed) else None
        if text is not None and text not in warned:
            warned.add(text)
            screen.print(Text(text, "yellow" if isinstance(event, Said) else "bold red"))

    with Live(get_renderable=drawn, console=screen, refresh_per_second=FRAMES_A_SECOND):
        yield on_event


def headline(title: str, progress: Progress, seconds: float) -> str:
    """`prod  updating  12 of 281  1 min 5 s`."""
    of_total = f" of {progress.total}" if progress.total else ""
    return f"{title}  {progress.done}{of_total}  {duration(seconds)}"


def room_line(room: Room, seconds: float) -> str:
    """`Network       12 of 107  creating prod-network-nat-0 40 s`."""
    of_total = f" of {room.total}" if room.total else ""
    failed = f"  {room.failed} failed" if room.failed else ""
    count = f"{room.done}{of_total}"
    if not room.running:
        took = f"  {duration(room.ended - room.begun)}" if room.begun is not None and room.done else ""
        return f"{room.name:<14}{count:>10}{failed}{took}"
    oldest = sorted(room.running.values(), key=lambda running: running[1])[:RUNNING_SHOWN]
    doing = ", ".join(
        f"{DOING.get(word_for(step.operation), step.operation)} {step.name} {duration(max(0.0, seconds - since))}"
        for step, since in oldest
    )
    more = f" and {len(room.running) - len(oldest)} more" if len(room.running) > len(oldest) else ""
    return f"{room.name:<14}{count:>10}{failed}  {doing}{more}"


def room_style(room: Room) -> str:
    """Red where something failed, green where all is done, plain while it goes on, dim before."""
    if room.failed:
        return "red"
    if room.complete:
        return "green"
    return "" if room.begun is not None else "dim"
