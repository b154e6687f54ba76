"""Ephemeral stacks: how they differ from the stack whose file they are made from, and when they expire. Pure.

An ephemeral stack has its own domain, is deleted without confirmation of its database, and is never production.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from automation.stack.file_checks import EXPIRES_KEY
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.spec.defaults import Raw, is_mapping

TTL_HOURS = 24.0
"""Default lifetime, counted from the last `up`."""
UPDATE = "update"
"""Kind of the updates that run the program; others may have run without the stack's file."""


class RecordedUpdate(Protocol):
    """An earlier update of a stack in the backend's history."""

    @property
    def kind(self) -> str:
        """Kind of the update, such as update or destroy."""
        ...

    @property
    def config(self) -> Mapping[str, str]:
        """Configuration that the update ran with, secrets masked."""
        ...


def ephemeral_overrides(platform: Raw, name: str, overrides: Mapping[str, object]) -> Mapping[str, object]:
    """Return the settings, by dotted path, of the ephemeral stack `name`; those of `overrides` win."""
    own: dict[str, object] = {}
    ingress = platform.get("ingress")
    domain = ingress.get("domain") if is_mapping(ingress) else None
    if isinstance(domain, str):
        own["ingress.domain"] = f"{name}.{domain}"
    if "database" in platform or any(path.partition(".")[0] == "database" for path in overrides):
        own["database.deletion_protection"] = False
    return {**own, **overrides}


def refuse_own_file(name: str, stacks: Collection[str]) -> None:
    """Raise InvalidConfiguration for the name of a stack that has a file, which would be overwritten."""
    if name in stacks:
        problem = f'"{name}" is a stack with its own file (Pulumi.{name}.yaml)'
        raise InvalidConfiguration([ConfigError("--name", problem, "choose another name, such as pr-123")])


def refuse_production(platform: Raw, stack: str, name: str) -> None:
    """Raise InvalidConfiguration when the profile is production's."""
    if platform.get("profile", "production") == "production":
        problem = f"production is not allowed for the ephemeral stack {name}"
        fix = f"add --set profile=development, or use a stack whose profile differs from {stack}'s"
        raise InvalidConfiguration([ConfigError("profile", problem, fix)])


def expiry(history: Sequence[RecordedUpdate], tag: str = "") -> datetime | None:
    """Return the time after which a stack may be swept; None for never.

    The latest update of the history sets it, and before there is any the stack's tag.
    """
    for update in history:
        if update.kind == UPDATE:
            return moment(update.config.get(EXPIRES_KEY, ""))
    return moment(tag)


def moment(text: str) -> datetime | None:
    """Return the time that an ISO 8601 text means, in UTC where it names no zone; None for anything else."""
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def is_over(until: datetime | None, now: datetime) -> bool:
    """Return whether the time has come; never for a stack without an expiry."""
    return until is not None and until <= now
