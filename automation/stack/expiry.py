"""When the time of a stack is over, read from what the backend keeps of it. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from automation.deploy.results import Update
from automation.stack.folders import EXPIRES_KEY

UPDATE = "update"
"""Kind of the updates that run the program; others may have run without the stack's file."""


def expiry(history: Sequence[Update], tag: str = "") -> datetime | None:
    """When the stack may be swept away: as its last update says, or before there was any, as `tag` does; else never."""
    for update in history:
        if update.kind == UPDATE:
            return moment(update.config.get(EXPIRES_KEY, ""))
    return moment(tag)


def moment(text: str) -> datetime | None:
    """The time that an ISO 8601 text means, in UTC where it names no zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_over(until: datetime | None, now: datetime) -> bool:
    """True when the time has come; never for a stack without an end."""
    return until is not None and until <= now
