"""Stops an update that would lose something: a stateful resource replaced or deleted that nobody has named. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.resource_traits import ReplacingChange

LOSING = {"replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True)
class Loss:
    """A stateful resource that an update would replace or delete, and what is lost with it."""

    change: ResourceChange
    holds: str


def losses(
    changes: Iterable[ResourceChange], holds: Mapping[str, str], allowed: Collection[str] = ()
) -> tuple[Loss, ...]:
    """Stateful resources that the changes would replace or delete, unless allowed by their logical names."""
    return tuple(
        Loss(change, holds[change.type])
        for change in changes
        if change.operation in LOSING and change.type in holds and change.name not in allowed
    )


def refuse_losses(
    stack: str,
    changes: Iterable[ResourceChange],
    holds: Mapping[str, str],
    allowed: Collection[str],
    losing: Collection[ReplacingChange] = (),
) -> None:
    """Raise DeploymentFailed for losses that are not allowed, InvalidConfiguration for allowed names that do not exist."""
    changes = tuple(changes)
    slips = [name for name in allowed if name not in {change.name for change in changes}]
    if slips:
        raise InvalidConfiguration(_slip(name, changes) for name in slips)
    found = losses(changes, holds, allowed)
    if found:
        sentence = f"{stack}: {'; '.join(told(found))}"
        named = " ".join(f"--allow-replace {loss.change.name}" for loss in found)
        advice = f"take back {_cause(found, losing)}, or, when that loss is meant, run again with {named}"
        raise DeploymentFailed(Failure.GUARDED, sentence, advice)


def _cause(found: Iterable[Loss], losing: Iterable[ReplacingChange]) -> str:
    """The setting, with the keys that are known to cost resources of these types on this cloud."""
    types = {loss.change.type for loss in found}
    keys = dict.fromkeys(row.key for row in losing if row.type in types)
    return f"the setting that forces it ({listed(keys)} can)" if keys else "the setting that forces it"


def told(found: Iterable[Loss]) -> Iterator[str]:
    """A clause for all losses that are alike: what is lost, how, why, and what goes with it."""
    alike: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    for loss in found:
        change = loss.change
        alike.setdefault((change.short_type, change.operation, change.replaces, loss.holds), []).append(change.name)
    for (short_type, operation, forcing, holds), names in alike.items():
        forced = f" (forced by {listed(forcing, 'and')})" if forcing else ""
        yield f"{listed(names, 'and')} ({short_type}) would be {LOSING[operation]}{forced}, and with it goes {holds}"


def _slip(name: str, changes: Iterable[ResourceChange]) -> ConfigError:
    names = sorted({change.name for change in changes if change.made})
    return legacy_error("--allow-replace", name, f"is no resource of the stack{did_you_mean(name, names)}")
