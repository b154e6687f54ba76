"""Before a destruction: what stands in the state, and what of it is protected and not named, refused all at once.

The engine itself would delete half of a stack before it meets the first protected resource.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.urn import name_of, type_of
from automation.plan.inventory import Value
from automation.plan.tree import rank
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, legacy_error, listed

if TYPE_CHECKING:
    from automation.deploy.workspace import ProjectStack

State = Mapping[str, Value]


def deletions(exported: State) -> tuple[ResourceChange, ...]:
    """What a destruction would do to every resource of an exported state, in the order of the rooms."""
    changes = (_deletion(resource) for resource in _resources(exported))
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def _deletion(resource: State) -> ResourceChange:
    urn = str(resource["urn"])
    made = bool(resource.get("custom")) and not type_of(urn).startswith("pulumi:providers:")
    return ResourceChange(urn, "forget" if resource.get("retainOnDelete") else "delete", made=made)


def protected(exported: State) -> tuple[str, ...]:
    """Urns of the resources of an exported state that are protected from deletion."""
    return tuple(str(resource["urn"]) for resource in _resources(exported) if resource.get("protect"))


def refuse_protected(stack: str, exported: State, names: Collection[str]) -> None:
    """Raise DeploymentFailed when something protected is not named, InvalidConfiguration for names that are no such thing."""
    known = [name_of(urn) for urn in protected(exported)]
    slips = [name for name in names if name not in known]
    if slips:
        raise InvalidConfiguration(_slip(name, known) for name in slips)
    left = [name for name in known if name not in names]
    if left:
        sentence = (
            f"{stack}: {listed(left, 'and')} would be lost for good and {'are' if len(left) > 1 else 'is'} protected"
        )
        advice = f"when that loss is meant, run again with {' '.join(f'--unprotect {name}' for name in known)}"
        raise DeploymentFailed(Failure.PROTECTED, sentence, advice)


def unprotect_all(engine: "ProjectStack", exported: State) -> None:
    """Take the protection of everything in the state away; raises CommandError."""
    for urn in protected(exported):
        engine.ask("state", "unprotect", urn, "--yes")


def _slip(name: str, known: Iterable[str]) -> ConfigError:
    return legacy_error("--unprotect", name, f"is no protected resource of the stack{did_you_mean(name, known)}")


def _resources(exported: State) -> list[State]:
    deployment = cast("State", exported.get("deployment") or {})
    return cast("list[State]", deployment.get("resources") or [])
