"""What the operations on a stack give back: frozen, printable, without any secret."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from automation.deploy.events import MASKED, Event, StepCompleted
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.urn import short_type

if TYPE_CHECKING:
    from pulumi.automation import UpdateSummary


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
        return count_by_operation(self.changes)

    @property
    def effective(self) -> tuple[ResourceChange, ...]:
        """The changes that change anything in the cloud."""
        return effective_changes(self.changes)

    @property
    def components(self) -> Mapping[str, tuple[ResourceChange, ...]]:
        """The changes that change anything, by room."""
        return group_by_component(self.effective)


@dataclass(frozen=True)
class Outcome:
    """What an update has done; outputs have `[secret]` in place of secrets."""

    stack: str
    changes: tuple[ResourceChange, ...]
    outputs: Mapping[str, Value]
    seconds: float
    seconds_by_component: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of a cloud's resources each operation was for."""
        return count_by_operation(self.changes)


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


ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
"""Variables by which CI services name whoever started a job."""
BY = re.compile(r"\bby (\S+)$")


def drift_from_events(events: Iterable[Event]) -> Iterator[Drift]:
    """Every resource that a refresh found changed or gone."""
    for event in events:
        if not isinstance(event, StepCompleted) or not event.step.managed:
            continue
        if event.step.operation == "delete":
            yield Drift(event.step.urn, "gone")
        elif event.step.operation == "update":
            yield Drift(event.step.urn, "changed", tuple(property_changes(event.step, "update", refreshed=True)))


def updates_from_history(told: Sequence["UpdateSummary"]) -> tuple[Update, ...]:
    """The history, the latest first; numbered from the oldest where the backend does not count."""
    return tuple(_update(update, len(told) - place) for place, update in enumerate(told))


def _update(told: "UpdateSummary", position: int) -> Update:
    seconds = (told.end_time - told.start_time).total_seconds() if told.end_time else None
    by = BY.search(told.message)
    return Update(
        version=told.version or position,
        kind=told.kind,
        result=told.result,
        started_at=told.start_time.replace(tzinfo=UTC),
        seconds=seconds,
        counts={str(operation): count for operation, count in (told.resource_changes or {}).items()},
        message=told.message,
        author=by[1] if by else told.environment.get("git.author", ""),
        config={key: MASKED if value.secret else value.value for key, value in told.config.items()},
    )


def update_message(verb: str, environment: Mapping[str, str]) -> str:
    """What an update is remembered by: `up by maria`."""
    actor = next((environment[name] for name in ACTORS if environment.get(name)), "")
    return f"{verb} by {actor or _user()}"


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may know no name for its user
        return str(os.getuid()) if hasattr(os, "getuid") else "someone"
