"""Declared resources of a program as plain data: inputs, parent, provider and options of each.

The recorder makes inventories without an engine, a cloud or a network; the plan prints them and tests query them.
Imports no SDK.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from automation.urn import PROVIDER_PREFIX, Urn, kind_of, short_type
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping

Value = object
"""JSON-like data in which `Secret` and `Unknown` mark secrets and unknown values."""


@dataclass(frozen=True)
class Secret:
    """Value marked secret; printed and serialised as `[secret]`."""

    value: Value

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Unknown:
    """Value that only the cloud can compute; printed and serialised as `[unknown]`."""

    def __repr__(self) -> str:
        return "[unknown]"


@dataclass(frozen=True)
class Declared:
    """Resource that a program declares; input keys are in wire format (camelCase)."""

    urn: Urn
    type: str
    name: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Value]
    depends_on: tuple[str, ...] = ()
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def short_type(self) -> str:
        """`rds:Instance` for `aws:rds/instance:Instance`."""
        return short_type(self.type)

    @property
    def managed(self) -> bool:
        """True for a resource that a provider creates: neither a component nor a provider."""
        return self.custom and not self.type.startswith(PROVIDER_PREFIX)


@dataclass(frozen=True)
class Inventory:
    """Resources of a program in the order of their URNs, and the stack's outputs."""

    stack: str
    resources: tuple[Declared, ...]
    outputs: Mapping[str, Value]

    @cached_property
    def by_urn(self) -> dict[str, Declared]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @property
    def custom(self) -> tuple[Declared, ...]:
        """Resources that a provider creates."""
        return tuple(resource for resource in self.resources if resource.managed)

    def of_type(self, token: str) -> tuple[Declared, ...]:
        """Return the resources of a type token, or of its short form (`rds:Instance`)."""
        return tuple(r for r in self.resources if token in (r.type, r.short_type))

    def one(self, name: str, token: str | None = None) -> Declared:
        """Return the only resource with this logical name (and type); raises LookupError with similar names."""
        matches = [r for r in self.custom if r.name == name and token in (None, r.type, r.short_type)]
        if len(matches) != 1:
            similar = sorted(f"{r.short_type} {r.name}" for r in self.custom if name.rpartition("-")[0] in r.name)
            raise LookupError(f"{len(matches)} resources named {name!r} ({token or 'any type'}); similar: {similar}")
        return matches[0]

    def ancestors(self, resource: Declared) -> Iterator[Declared]:
        """Yield the parents of a resource, nearest first."""
        while resource.parent in self.by_urn:
            resource = self.by_urn[resource.parent]
            yield resource

    def component_of(self, resource: Declared) -> str:
        """Return the kind of the nearest component above a resource (`Network`); empty for none."""
        for ancestor in self.ancestors(resource):
            if not ancestor.custom:
                return kind_of(ancestor.type)
        return ""


def plain(value: Value) -> Value:
    """Return the value as JSON data, with `[secret]` and `[unknown]` for marked values."""
    return walk(value, lambda leaf: repr(leaf) if isinstance(leaf, Secret | Unknown) else leaf)


def walk(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """Return `value` rebuilt with `leaf` applied to everything that is neither object nor list."""
    if is_mapping(value):
        return {key: walk(inner, leaf) for key, inner in value.items()}
    if is_list(value):
        return [walk(inner, leaf) for inner in value]
    return leaf(value)


def declared_resources(inventory: Inventory) -> Iterator[DeclaredResource]:
    """Yield the resources that a provider has, as checks and reports read them: secrets masked."""
    for resource in inventory.resources:
        if resource.custom:
            yield declared_resource(inventory, resource)


def declared_resource(inventory: Inventory, resource: Declared) -> DeclaredResource:
    """Return a resource as charges, checks and reports read it: secrets masked."""
    inputs = plain(dict(resource.inputs))
    return DeclaredResource(
        urn=resource.urn,
        type=resource.short_type,
        name=resource.name,
        component=inventory.component_of(resource),
        inputs=inputs if is_mapping(inputs) else {},
        depends_on=frozenset(resource.depends_on),
        protect=resource.protect,
    )


def as_json(inventory: Inventory) -> dict[str, Value]:
    """Return the inventory as JSON data, secrets masked."""
    return {
        "stack": inventory.stack,
        "resources": [_resource_json(resource) for resource in inventory.resources],
        "outputs": plain(dict(inventory.outputs)),
    }


def _resource_json(resource: Declared) -> dict[str, Value]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "provider": resource.provider,
        "inputs": plain(dict(resource.inputs)),
        "dependencies": list(resource.depends_on),
        "protect": resource.protect,
        "ignoreChanges": list(resource.ignore_changes),
        "aliases": list(resource.aliases),
        **dict(resource.options),
    }
