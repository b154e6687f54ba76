"""Stops an update that would lose something: a stateful resource replaced or deleted that nobody has named. Pure."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.urn import name_of, type_of
from automation.plan.inventory import Value
from automation.plan.tree import rank
from automation.stack.document import Stack
from components.configuration import PROJECT
from providers import host_checks
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.resource_traits import ReplacingChange

if TYPE_CHECKING:
    from automation.deploy.workspace import ProjectStack


LOSING = {"replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True)
class Loss:
    """A stateful resource that an update would replace or delete, and what is lost with it."""

    change: ResourceChange
    holds: str


def find_losses(
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
    found = find_losses(changes, holds, allowed)
    if found:
        sentence = f"{stack}: {'; '.join(describe_losses(found))}"
        named = " ".join(f"--allow-replace {loss.change.name}" for loss in found)
        advice = f"take back {_cause(found, losing)}, or, when that loss is meant, run again with {named}"
        raise DeploymentFailed(Failure.GUARDED, sentence, advice)


def _cause(found: Iterable[Loss], losing: Iterable[ReplacingChange]) -> str:
    """The setting, with the keys that are known to cost resources of these types on this cloud."""
    types = {loss.change.type for loss in found}
    keys = dict.fromkeys(row.key for row in losing if row.type in types)
    return f"the setting that forces it ({listed(keys)} can)" if keys else "the setting that forces it"


def describe_losses(found: Iterable[Loss]) -> Iterator[str]:
    """A clause for all losses that are alike: what is lost, how, why, and what goes with it."""
    alike: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
    for loss in found:
        change = loss.change
        alike.setdefault((change.short_type, change.operation, change.replaces, loss.holds), []).append(change.name)
    for (short_type, operation, forcing, holds), names in alike.items():
        forced = f" (forced by {listed(forcing, 'and')})" if forcing else ""
        yield f"{listed(names, 'and')} ({short_type}) would be {LOSING[operation]}{forced}, and with it goes {holds}"


def _slip(name: str, changes: Iterable[ResourceChange]) -> ConfigError:
    names = sorted({change.name for change in changes if change.managed})
    return legacy_error("--allow-replace", name, f"is no resource of the stack{did_you_mean(name, names)}")


State = Mapping[str, Value]


def planned_deletions(exported: State) -> tuple[ResourceChange, ...]:
    """What a destruction would do to every resource of an exported state, in the order of the rooms."""
    changes = (_deletion(resource) for resource in _resources(exported))
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def _deletion(resource: State) -> ResourceChange:
    urn = str(resource["urn"])
    made = bool(resource.get("custom")) and not type_of(urn).startswith("pulumi:providers:")
    return ResourceChange(urn, "forget" if resource.get("retainOnDelete") else "delete", managed=made)


def protected_urns(exported: State) -> tuple[str, ...]:
    """Urns of the resources of an exported state that are protected from deletion."""
    return tuple(str(resource["urn"]) for resource in _resources(exported) if resource.get("protect"))


def refuse_protected(stack: str, exported: State, names: Collection[str]) -> None:
    """Raise DeploymentFailed when something protected is not named, InvalidConfiguration for names that are no such thing."""
    known = [name_of(urn) for urn in protected_urns(exported)]
    slips = [name for name in names if name not in known]
    if slips:
        raise InvalidConfiguration(_unknown_protected(name, known) for name in slips)
    left = [name for name in known if name not in names]
    if left:
        sentence = (
            f"{stack}: {listed(left, 'and')} would be lost for good and {'are' if len(left) > 1 else 'is'} protected"
        )
        advice = f"when that loss is meant, run again with {' '.join(f'--unprotect {name}' for name in known)}"
        raise DeploymentFailed(Failure.PROTECTED, sentence, advice)


def unprotect_all(engine: "ProjectStack", exported: State) -> None:
    """Take the protection of everything in the state away; raises CommandError."""
    for urn in protected_urns(exported):
        engine.run_command("state", "unprotect", urn, "--yes")


def _unknown_protected(name: str, known: Iterable[str]) -> ConfigError:
    return legacy_error("--unprotect", name, f"is no protected resource of the stack{did_you_mean(name, known)}")


def _resources(exported: State) -> list[State]:
    deployment = cast("State", exported.get("deployment") or {})
    return cast("list[State]", deployment.get("resources") or [])


def refuse_missing_secrets(stack: Stack) -> None:
    """Raise InvalidConfiguration for secrets that are listed and have no value: the program could not go on either."""
    if stack.missing_secrets:
        raise InvalidConfiguration(_missing(stack, name) for name in stack.missing_secrets)


def refuse_unready(stack: Stack, environment: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration where the machine that a platform stands on cannot take it; `environment` as of the engine."""
    seen = host_checks(stack.spec.cloud).preflight(stack.spec, stack.name, {**os.environ, **environment})
    refusals = [refusal for each in seen for refusal in each.diagnostics]
    if refusals:
        raise InvalidConfiguration(refusals)


def _missing(stack: Stack, name: str) -> ConfigError:
    readers = stack.spec.readers_of(name)
    path = f"services.{readers[0]}.secrets" if readers else "cloud"
    advice = f"has no value; run `pulumi config set --stack {stack.name} --secret {PROJECT}:{name}`"
    return legacy_error(path, name, advice)
