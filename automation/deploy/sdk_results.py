"""What the SDK tells, as our own results: drift from events, the history from its summaries. Pure."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from getpass import getuser
from typing import TYPE_CHECKING

from automation.deploy.changes import properties_of
from automation.deploy.events import MASKED, Event, StepDone
from automation.deploy.results import Drift, Update

if TYPE_CHECKING:
    from pulumi.automation import UpdateSummary

ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
"""Variables by which CI services name whoever started a job."""
BY = re.compile(r"\bby (\S+)$")


def drifts(events: Iterable[Event]) -> Iterator[Drift]:
    """Every resource that a refresh found changed or gone."""
    for event in events:
        if not isinstance(event, StepDone) or not event.step.made:
            continue
        if event.step.operation == "delete":
            yield Drift(event.step.urn, "gone")
        elif event.step.operation == "update":
            yield Drift(event.step.urn, "changed", tuple(properties_of(event.step, "update", refreshed=True)))


def updates(told: Sequence["UpdateSummary"]) -> tuple[Update, ...]:
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


def message(verb: str, environment: Mapping[str, str]) -> str:
    """What an update is remembered by: `up by maria`."""
    actor = next((environment[name] for name in ACTORS if environment.get(name)), "")
    return f"{verb} by {actor or _user()}"


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container may know no name for its user
        return str(os.getuid()) if hasattr(os, "getuid") else "someone"
