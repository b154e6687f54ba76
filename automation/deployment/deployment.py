"""A stack of a project folder, deployed by the real engine: the same names as the commands, and typed results.

Each operation that runs the program reads the stack's file first, so a mistake in it costs no start of the engine.
"""

import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from functools import cached_property
from pathlib import Path

from pulumi import automation

from automation.deployment.changes import made, planned, properties_of
from automation.deployment.collecting import Collected
from automation.deployment.events import Done, OnEvent
from automation.deployment.failures import DeploymentFailed, Failure
from automation.deployment.results import Drift, Outcome, Preview, Update
from automation.deployment.workspace import ProjectStack, open_stack
from automation.inventory import Value
from automation.stack_file import Stack, read_stack


class Deployment:
    """The stack of the file `Pulumi.<stack>.yaml` in `folder`; every operation raises DeploymentFailed."""

    def __init__(
        self,
        stack: str,
        folder: Path | None = None,
        *,
        name: str | None = None,
        ttl_hours: float | None = None,
        overrides: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stack = stack
        self.folder = (folder or Path.cwd()).resolve()
        self.name = name or stack
        self.environment = dict(environment or {})
        self.clock = clock

    @cached_property
    def file(self) -> Stack:
        """The checked stack file; raises InvalidConfiguration."""
        return read_stack(self.folder, self.stack)

    @cached_property
    def engine(self) -> ProjectStack:
        """The stack under the engine, for what has no operation here."""
        return open_stack(self.folder, self.name, self.environment)

    def preview(self, on_event: OnEvent | None = None) -> Preview:
        """What `up` would change; makes an empty stack where the backend has none."""
        _ = self.file
        new = self.create_if_missing()
        told = self._collect(on_event)
        with self._told_failures():
            self.engine.preview(on_event=told.take)
        return Preview(self.name, planned(told.events), new)

    def up(
        self, on_event: OnEvent | None = None, allow_replace: Collection[str] = (), preview: Preview | None = None
    ) -> Outcome:
        """Make the cloud what the stack's file says; `preview` is one of just now, else one is made."""
        preview = preview or self.preview()
        told = self._collect(on_event)
        with self._told_failures():
            result = self.engine.up(on_event=told.take)
        outputs = {key: output.value for key, output in result.outputs.items()}
        return Outcome(self.name, made(told.events), outputs, told.seconds, told.seconds_by_room)

    def refresh(self, on_event: OnEvent | None = None) -> Outcome:
        """Take over into the state what the cloud has."""
        told = self._collect(on_event)
        with self._told_failures():
            self.engine.refresh(on_event=told.take)
        return Outcome(self.name, made(told.events), {}, told.seconds, told.seconds_by_room)

    def drift(self, on_event: OnEvent | None = None) -> tuple[Drift, ...]:
        """What in the cloud is not as the stack left it; changes nothing."""
        told = self._collect(on_event)
        with self._told_failures():
            self.engine.preview_refresh(on_event=told.take)
        return tuple(_drifts(told))

    def destroy(self, on_event: OnEvent | None = None) -> Outcome:
        """Delete everything that stands in the stack; its history and its file stay."""
        told = self._collect(on_event)
        with self._told_failures():
            self.engine.destroy(on_event=told.take)
        return Outcome(self.name, made(told.events), {}, told.seconds, told.seconds_by_room)

    def outputs(self) -> Mapping[str, Value]:
        """The stack's outputs, `[secret]` in place of secrets."""
        with self._told_failures():
            return {key: output.value for key, output in self.engine.outputs().items()}

    def history(self) -> tuple[Update, ...]:
        """The stack's updates, the latest first."""
        with self._told_failures():
            told = self.engine.history(show_secrets=False)
        return tuple(_update(update, len(told) - place) for place, update in enumerate(told))

    def cancel(self) -> None:
        """Take away the lock that an update holds or has left."""
        with self._told_failures():
            self.engine.cancel()

    def create_if_missing(self) -> bool:
        """Make an empty stack in the backend unless it has one; True when it was made."""
        with self._told_failures():
            if any(known.name == self.name for known in self.engine.workspace.list_stacks()):
                return False
            self.engine.workspace.create_stack(self.name)
        return True

    def _collect(self, on_event: OnEvent | None) -> Collected:
        return Collected(self.clock, on_event)

    @contextmanager
    def _told_failures(self) -> Generator[None]:
        try:
            yield
        except automation.CommandError as error:
            raise DeploymentFailed(Failure.UNKNOWN, "the engine failed.", log=str(error)) from None


def _drifts(told: Collected) -> Iterator[Drift]:
    for event in told.events:
        if not isinstance(event, Done) or not event.step.made or event.step.operation not in ("update", "delete"):
            continue
        gone = event.step.operation == "delete"
        yield Drift(
            event.step.urn, "gone" if gone else "changed", tuple(properties_of(event.step, "update", refreshed=True))
        )


def _update(told: automation.UpdateSummary, position: int) -> Update:
    ended = told.end_time.timestamp() - told.start_time.timestamp() if told.end_time else None
    return Update(
        version=told.version or position,
        kind=told.kind,
        result=told.result,
        started_at=told.start_time.replace(tzinfo=UTC),
        seconds=ended,
        counts={str(operation): count for operation, count in (told.resource_changes or {}).items()},
        message=told.message,
        author=told.environment.get("git.author", ""),
        config={key: value.value for key, value in told.config.items()},
    )
