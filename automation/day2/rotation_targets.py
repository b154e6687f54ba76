"""What a rotation is about: which resource is made anew, who reads it, and what of a preview is no part of it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from automation.deploy.changes import ResourceChange
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.stack.document import Stack
from providers import limits, resource_traits
from providers.contract.diagnostics import InvalidConfiguration, did_you_mean, legacy_error, listed
from providers.contract.resource_traits import PASSWORD_TYPE, RotatablePassword

SECRETS, COMPUTE = "Secrets", "Compute"
"""Kinds of the rooms that store listed secrets and that run the services."""

State = Sequence[Mapping[str, Value]]
"""Resources of an exported state."""


@dataclass(frozen=True)
class RotationTarget:
    """A secret of a stack: the services that read it, and for a password of the platform how it is made anew."""

    stack: str
    name: str
    readers: tuple[str, ...]
    service_types: frozenset[str] = frozenset()
    password: RotatablePassword | None = None

    @property
    def services(self) -> tuple[str, ...]:
        """Logical names of the readers."""
        return tuple(f"{self.stack}-{COMPUTE.lower()}-{reader}" for reader in self.readers)

    @property
    def rounds(self) -> int:
        """How often it is made anew."""
        return self.password.rounds if self.password else 1

    @property
    def given(self) -> bool:
        """True for a secret whose value somebody else makes."""
        return self.password is None


def target_of(stack: Stack, name: str) -> RotationTarget:
    """The secret `name` of a stack; raises InvalidConfiguration for one that it has not or that cannot be rotated."""
    spec = stack.spec
    tables = resource_traits(spec.cloud)
    passwords = {row.name: row for row in tables.passwords if getattr(spec, row.part) is not None}
    own, types = limits(spec.cloud).stack_secrets(spec), frozenset(tables.services)
    if name in passwords:
        row = passwords[name]
        if row.refused:
            raise InvalidConfiguration([legacy_error("rotate", name, f"is not for {spec.cloud}: {row.refused}")])
        return RotationTarget(stack.name, name, spec.users_of(row.part), types, row)
    if name in (*spec.secrets, *own):
        return RotationTarget(stack.name, name, spec.readers_of(name), types)
    known = [*passwords, *spec.secrets, *own]
    advice = f"is no secret of {stack.name}{did_you_mean(name, known)}; those are {listed(known, 'and')}"
    raise InvalidConfiguration([legacy_error("rotate", name, advice)])


def resources_of(exported: Mapping[str, Value]) -> State:
    """The resources of an exported state, without what only waits to be deleted."""
    deployment = cast("Mapping[str, Value]", exported.get("deployment") or {})
    resources = cast("State", deployment.get("resources") or [])
    return [resource for resource in resources if not resource.get("delete")]


def secret_urns(target: RotationTarget, state: State) -> tuple[str, ...]:
    """Urns of what holds the secret's value: the password, or the stored value of a listed secret."""
    urns = [str(resource["urn"]) for resource in state]
    if target.password is not None:
        component = target.password.component
        return tuple(urn for urn in urns if type_of(urn) == PASSWORD_TYPE and component_of(urn) == component)
    stem = f"{target.stack}-{SECRETS.lower()}-{target.name}"
    return tuple(urn for urn in urns if component_of(urn) == SECRETS and name_of(urn) in (stem, f"{stem}-value"))


def rotation_interval_problem(target: RotationTarget, state: State, now: datetime) -> str:
    """Why the cloud would not take another password yet, and from when; empty when it would."""
    pause = target.password.pause_seconds if target.password else 0
    made = [
        str(resource.get("created", "")) for resource in state if str(resource["urn"]) in secret_urns(target, state)
    ]
    until = max((_time(text) for text in made if text), default=now) + timedelta(seconds=pause)
    if not pause or not any(made) or until <= now:
        return ""
    return (
        f"was made less than {pause // 3600} hours ago, and the cloud takes another from {until:%Y-%m-%d %H:%M} UTC on"
    )


def _time(text: str) -> datetime:
    # the engine writes nanoseconds, of which Python reads microseconds
    return datetime.fromisoformat(f"{text[:19]}+00:00").astimezone(UTC)


def dependents_of(state: State, urns: Collection[str]) -> frozenset[str]:
    """The urns, and those of everything that depends on them, directly or not."""
    found = set(urns)
    for resource in state:  # what something depends on stands before it in a state
        if not found.isdisjoint(_needed(resource)):
            found.add(str(resource["urn"]))
    return frozenset(found)


def _needed(resource: Mapping[str, Value]) -> Iterable[str]:
    yield from cast("Sequence[str]", resource.get("dependencies") or [])
    for several in cast("Mapping[str, Sequence[str]]", resource.get("propertyDependencies") or {}).values():
        yield from several or []


def unrelated_changes(
    target: RotationTarget, changes: Iterable[ResourceChange], state: State
) -> tuple[ResourceChange, ...]:
    """Changes that are no part of the rotation: of what does not hang on the secret, or of a service that does not read it."""
    held = secret_urns(target, state)
    part = dependents_of(state, held)
    return tuple(
        change
        for change in changes
        if (held and change.urn not in part)
        or (change.type in target.service_types and change.name not in target.services)
    )


def readers_without_change(target: RotationTarget, changes: Iterable[ResourceChange]) -> tuple[str, ...]:
    """Services that read the secret and would not be restarted."""
    changed = {change.name for change in changes if change.type in target.service_types}
    return tuple(name for name in target.services if name not in changed)
