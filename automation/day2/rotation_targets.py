"""Target of a rotation: the resources that store the secret, the services that read it, and unrelated changes.

Imports no SDK.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from automation.deploy.changes import ResourceChange
from automation.deploy.state import ExportedState, StateResource, state_resources, urns
from automation.stack.document import Stack
from automation.urn import Urn
from components.configuration import PROJECT
from providers import limits, resource_traits
from providers.contract.authentication import HOST, keys_of_program, keys_of_up
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, displayed, listed
from providers.contract.region_specs import is_passive, is_warm
from providers.contract.resource_traits import CLIENT_KEYS, KEY_TYPE, RotatablePassword
from providers.contract.spec.defaults import is_mapping

CLIENT_KEY = "api-key"
"""Name of the generated key of clients in `rotate`."""
REPLICA = re.compile(r"-\d+$")
"""Number of a replica in its logical name, where each is a resource."""
SECRETS, COMPUTE = "Secrets", "Compute"
"""Kinds of the components that store listed secrets and that run the services."""


@dataclass(frozen=True)
class RotationTarget:
    """Secret of a stack with the services that read it; `password` is set for a password that the platform generates."""

    stack: str
    name: str
    readers: tuple[str, ...]
    service_types: frozenset[str] = frozenset()
    password: RotatablePassword | None = None
    standby: str = ""
    """Standby region in which the same services run; empty for none."""
    keys: tuple[str, ...] = ()
    """Keys of clients that `up` generated: the stack file stores one new value under each name."""

    @property
    def places(self) -> tuple[str, ...]:
        """Beginnings of the logical names in each region: the stack's name, and with the region in the standby region."""
        return (self.stack, f"{self.stack}-{self.standby}") if self.standby else (self.stack,)

    @property
    def services(self) -> tuple[str, ...]:
        """Logical names of the readers."""
        return tuple(f"{place}-{COMPUTE.lower()}-{reader}" for place in self.places for reader in self.readers)

    @property
    def stored_names(self) -> tuple[str, ...]:
        """Names under which the stack file stores the value."""
        return self.keys or (self.name,)

    def is_read_by(self, name: str) -> bool:
        """Return whether a service with this logical name, or the service of this replica, reads the secret."""
        return name in self.services or REPLICA.sub("", name) in self.services

    @property
    def rounds(self) -> int:
        """Rotations until the previous value is invalid."""
        return self.password.rounds if self.password else 1

    @property
    def needs_value(self) -> bool:
        """True for a listed secret, whose value the caller provides."""
        return self.password is None


def target_of(stack: Stack, name: str) -> RotationTarget:
    """Return the secret `name` of a stack; raises InvalidConfiguration for an unknown secret or one that cannot rotate."""
    spec = stack.spec
    traits = resource_traits(spec.cloud)
    passwords = {each.name: each for row in traits.passwords for each in row.of(spec)}
    cloud_secrets, types = limits(spec.cloud).stack_secrets(spec), traits.service_types
    standby = spec.standby_region or "" if is_warm(spec) else ""
    if name in passwords:
        row = passwords[name]
        refused = row.refused or (row.refused_in_standby if is_passive(spec) else "")
        if refused:
            problem, _, fix = refused.format(stack=stack.name, region=limits(spec.cloud).region(spec)).partition("; ")
            raise InvalidConfiguration([ConfigError("rotate", f"{name} on {spec.cloud}: {problem}", fix)])
        return RotationTarget(stack.name, name, spec.users_of(row.part), types, row, standby)
    if name == CLIENT_KEY:
        return _client_key(stack, types, standby)
    if name in (*spec.secrets, *cloud_secrets):
        return RotationTarget(stack.name, name, spec.readers_of(name), types, standby=standby)
    known = [*passwords, *([CLIENT_KEY] if _generated_keys(stack) else []), *spec.secrets, *cloud_secrets]
    problem = f"{stack.name} has no secret {displayed(name)}{did_you_mean(name, known)}"
    raise InvalidConfiguration([ConfigError("rotate", problem, f"use {listed(known)}" if known else "")])


def _generated_keys(stack: Stack) -> tuple[str, ...]:
    """Keys of clients that the platform generated; a value that the stack file has on a cloud is the user's."""
    spec = stack.spec
    in_program = (name for name in keys_of_program(spec) if f"{PROJECT}:{name}" not in stack.config)
    return keys_of_up(spec) or tuple(in_program)


def _client_key(stack: Stack, types: frozenset[str], standby: str) -> RotationTarget:
    """Return the generated key of clients, which has one value for all of its variables."""
    keys, spec = _generated_keys(stack), stack.spec
    if not keys:
        listed_keys = [name for name in CLIENT_KEYS if name in spec.secrets]
        problem = f"the platform generates no key for {stack.name}"
        fix = f"rotate {listed(listed_keys)} by its name" if listed_keys else "set ingress.auth to generate one"
        raise InvalidConfiguration([ConfigError("rotate", problem, fix)])
    readers = tuple(name for name in spec.services if any(name in spec.readers_of(key) for key in keys))
    target = RotationTarget(stack.name, CLIENT_KEY, readers, types, standby=standby)
    if spec.cloud == HOST:
        return replace(target, keys=keys)
    return replace(target, password=RotatablePassword(CLIENT_KEY, SECRETS, "", type=KEY_TYPE))


def live_resources(exported: ExportedState) -> list[StateResource]:
    """Return the resources of an exported state, without those that wait for their deletion."""
    return state_resources(exported, pending_deletes=False)


def secret_urns(target: RotationTarget, state: Iterable[StateResource]) -> tuple[Urn, ...]:
    """Return the URNs of the resources that store the secret's value: the password, or the version of a listed secret."""
    all_urns = [Urn(resource["urn"]) for resource in state]
    if target.password is not None:
        password = target.password
        stored = (urn for urn in all_urns if (urn.type, urn.component) == (password.type, password.component))
        names = {f"{place}-{password.resource}" for place in target.places}
        return tuple(urn for urn in stored if not password.resource or urn.name in names)
    stems = [f"{place}-{SECRETS.lower()}-{target.name}" for place in target.places]
    names = {name for stem in stems for name in (stem, f"{stem}-value")}
    return tuple(urn for urn in all_urns if urn.component == SECRETS and urn.name in names)


def rotation_interval_problem(target: RotationTarget, state: Collection[StateResource], now: datetime) -> str:
    """Return the problem with a password that is too recent for the cloud to accept another; empty when there is none."""
    interval_seconds = target.password.pause_seconds if target.password else 0
    stored = secret_urns(target, state)
    created = [str(resource.get("created", "")) for resource in state if resource["urn"] in stored]
    times = [_time(text) for text in created if text]
    if not interval_seconds or not times:
        return ""
    allowed_at = max(times) + timedelta(seconds=interval_seconds)
    if allowed_at <= now:
        return ""
    hours = interval_seconds // 3600
    return f"created less than {hours} hours ago; the cloud accepts another from {allowed_at:%Y-%m-%d %H:%M} UTC"


def dependents_of(state: Iterable[StateResource], roots: Collection[str]) -> frozenset[str]:
    """Return the given URNs and those of every resource that depends on them, directly or not."""
    found = set(roots)
    for resource in state:  # dependencies precede their dependents in a state
        if not found.isdisjoint(_dependencies(resource)):
            found.add(str(resource["urn"]))
    return frozenset(found)


def unrelated_changes(
    target: RotationTarget, changes: Iterable[ResourceChange], state: Collection[StateResource]
) -> tuple[ResourceChange, ...]:
    """Return changes that do not belong to the rotation.

    These are resources that do not depend on the secret, and services that do not read it.
    """
    stored = secret_urns(target, state)
    dependents = dependents_of(state, stored)
    return tuple(
        change
        for change in changes
        if (stored and change.urn not in dependents)
        or (_is_service(target, change) and not target.is_read_by(change.name))
    )


def readers_without_change(target: RotationTarget, changes: Iterable[ResourceChange]) -> tuple[str, ...]:
    """Return the services that read the secret and would not restart."""
    changed = {change.name for change in changes if _is_service(target, change)}
    changed |= {REPLICA.sub("", name) for name in changed}
    return tuple(name for name in target.services if name not in changed)


def _is_service(target: RotationTarget, change: ResourceChange) -> bool:
    """True for a service or a replica; other resources may have the same type, such as the entry's containers on Docker."""
    return change.type in target.service_types and Urn(change.urn).component == COMPUTE


def _time(text: str) -> datetime:
    # The engine records nanoseconds, datetime parses microseconds.
    return datetime.fromisoformat(f"{text[:19]}+00:00").astimezone(UTC)


def _dependencies(resource: StateResource) -> Iterator[str]:
    yield from urns(resource, "dependencies")
    by_property = resource.get("propertyDependencies")
    if is_mapping(by_property):
        for key in by_property:
            yield from urns(by_property, key)
