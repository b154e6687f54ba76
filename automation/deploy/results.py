"""Results of the operations on a stack, frozen, printable and with secrets masked, and the clock. Imports no SDK."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from getpass import getuser
from typing import TYPE_CHECKING

from automation.deploy.changes import (
    PropertyChange,
    ResourceChange,
    count_by_operation,
    effective_changes,
    group_by_component,
    property_changes,
)
from automation.deploy.events import MASKED, Event, ResourceRecord, StepCompleted, StepMetadata
from automation.plan.inventory import Value

if TYPE_CHECKING:  # the command line prints results without loading the SDK
    from pulumi.automation import UpdateSummary

ACTOR_VARIABLES = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
"""Variables in which CI services store the name of the user who started a job."""
AUTHOR_PATTERN = re.compile(r"\bby (\S+)$")


@dataclass(frozen=True)
class Preview:
    """Changes that an update or a deletion would make; `changes` includes unchanged resources."""

    stack: str
    changes: tuple[ResourceChange, ...]
    new_stack: bool = False
    """True when the preview created the stack in the backend."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Managed resources by operation."""
        return count_by_operation(self.changes)

    @property
    def effective(self) -> tuple[ResourceChange, ...]:
        """Changes that change anything in the cloud."""
        return effective_changes(self.changes)

    @property
    def components(self) -> Mapping[str, tuple[ResourceChange, ...]]:
        """Changes that change anything in the cloud, by component."""
        return group_by_component(self.effective)


@dataclass(frozen=True)
class Outcome:
    """Completed changes of an operation; secret outputs are `[secret]`."""

    stack: str
    changes: tuple[ResourceChange, ...]
    outputs: Mapping[str, Value]
    seconds: float
    seconds_by_component: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def counts(self) -> Mapping[str, int]:
        """Managed resources by operation."""
        return count_by_operation(self.changes)


@dataclass(frozen=True)
class Drift(ResourceRecord):
    """Resource that differs between cloud and state: `changed` with its properties, or `gone`."""

    kind: str
    properties: tuple[PropertyChange, ...] = ()


@dataclass(frozen=True)
class Update:
    """Update in the history of a stack; `version` counts from 1 where the backend does not count."""

    version: int
    kind: str
    result: str
    started_at: datetime
    seconds: float | None
    counts: Mapping[str, int]
    message: str = ""
    author: str = ""
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Configuration of the update, secrets masked."""


def drift_from_events(events: Iterable[Event], content: Mapping[str, str] | None = None) -> Iterator[Drift]:
    """Yield every managed resource that a refresh found changed or deleted; `content` as in `ResourceTraits`."""
    for event in events:
        if not isinstance(event, StepCompleted) or not event.step.managed:
            continue
        if event.step.operation == "delete":
            yield Drift(event.step.urn, "gone")
        elif event.step.operation == "update":
            yield Drift(event.step.urn, "changed", tuple(property_changes(event.step, "update", refreshed=True)))
        elif change := _changed_content(event.step, (content or {}).get(event.step.type)):
            yield Drift(event.step.urn, "changed", (change,))


def _changed_content(step: StepMetadata, key: str | None) -> PropertyChange | None:
    if key is None or step.old is None or step.new is None:
        return None
    before, after = step.old.outputs.get(key), step.new.outputs.get(key)
    return PropertyChange(key, before, after) if before != after else None


def updates_from_history(summaries: Sequence["UpdateSummary"]) -> tuple[Update, ...]:
    """Return the updates of a history, the latest first; numbered from the oldest where the backend does not count."""
    return tuple(_update(summary, len(summaries) - index) for index, summary in enumerate(summaries))


def update_message(command: str, environment: Mapping[str, str]) -> str:
    """Return the message of an update: `up by maria`."""
    actor = next((environment[name] for name in ACTOR_VARIABLES if environment.get(name)), "")
    return f"{command} by {actor or _user()}"


def _update(summary: "UpdateSummary", position: int) -> Update:
    seconds = (summary.end_time - summary.start_time).total_seconds() if summary.end_time else None
    author = AUTHOR_PATTERN.search(summary.message)
    return Update(
        version=summary.version or position,
        kind=summary.kind,
        result=summary.result,
        started_at=summary.start_time.replace(tzinfo=UTC),
        seconds=seconds,
        counts={str(operation): count for operation, count in (summary.resource_changes or {}).items()},
        message=summary.message,
        author=author[1] if author else summary.environment.get("git.author", ""),
        config={key: MASKED if value.secret else value.value for key, value in summary.config.items()},
    )


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # the user of a container may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """Monotonic seconds, a function that waits, and the current time."""

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now
