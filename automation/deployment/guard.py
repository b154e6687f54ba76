"""Stops an update that would lose something: a stateful resource replaced or deleted that nobody has named. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from automation.deployment.changes import Change
from providers.contract.mistakes import did_you_mean, listed

LOSING = {"replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True)
class Loss:
    """A stateful resource that an update would replace or delete, and what is lost with it."""

    change: Change
    holds: str

    def __str__(self) -> str:
        """One sentence: what happens to it, why, and what is lost."""
        change = self.change
        forced = f" (forced by {listed(change.replaces, 'and')})" if change.replaces else ""
        return f"{change.name} ({change.short_type}) would be {LOSING[change.operation]}{forced}, and with it goes {self.holds}."


def losses(changes: Iterable[Change], holds: Mapping[str, str], allowed: Collection[str] = ()) -> tuple[Loss, ...]:
    """Stateful resources that the changes would replace or delete, unless allowed by their logical names."""
    return tuple(
        Loss(change, holds[change.type])
        for change in changes
        if change.operation in LOSING and change.type in holds and change.name not in allowed
    )


def superfluous(changes: Iterable[Change], allowed: Collection[str]) -> tuple[str, ...]:
    """A sentence for every allowed name that is no resource of the stack: a slip that would allow nothing."""
    names = sorted({change.name for change in changes})
    return tuple(
        f"--allow-replace: {name} is no resource of the stack{did_you_mean(name, names)}."
        for name in allowed
        if name not in names
    )


def advice(found: Iterable[Loss]) -> str:
    """What to do about the losses."""
    named = " ".join(f"--allow-replace {loss.change.name}" for loss in found)
    return f"Take back the setting that forces it, or, when that loss is meant, run again with {named}."
