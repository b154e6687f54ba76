"""What a program declares, as plain data: each resource with its inputs, parent, provider and options.

An inventory comes from the recorder (no engine, no cloud, no network); the plan prints it and the tests ask it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from automation.urn import kind_of, short_type

Value = object
"""JSON-like data; secrets and unknown values stand in it as `Secret` and `Unknown`."""


@dataclass(frozen=True)
class Secret:
    """A value marked secret; printed and serialised as `[secret]`."""

    value: Value

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Unknown:
    """A value that only the cloud can tell."""

    def __repr__(self) -> str:
        return "[unknown]"


@dataclass(frozen=True)
class Declared:
    """One resource that the program declares; input keys are as on the wire (camelCase)."""

    urn: str
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
    def made(self) -> bool:
        """True for what a provider makes: neither a component nor a provider."""
        return self.custom and not self.type.startswith("pulumi:providers:")


@dataclass(frozen=True)
class Inventory:
    """Everything a program declares, in an order that does not depend on timing, and the stack's outputs."""

    stack: str
    resources: tuple[Declared, ...]
    outputs: Mapping[str, Value]

    @cached_property
    def by_urn(self) -> dict[str, Declared]:
        """Resources by urn."""
        return {resource.urn: resource for resource in self.resources}

    @property
    def custom(self) -> tuple[Declared, ...]:
        """Resources that a provider makes."""
        return tuple(resource for resource in self.resources if resource.made)

    def of_type(self, token: str) -> tuple[Declared, ...]:
        """Resources of a type token, or of its short form (`rds:Instance`)."""
        return tuple(r for r in self.resources if token in (r.type, r.short_type))

    def one(self, name: str, token: str | None = None) -> Declared:
        """The one custom resource of that logical name (and type); raises LookupError naming what there is."""
        found = [r for r in self.custom if r.name == name and token in (None, r.type, r.short_type)]
        if len(found) != 1:
            near = sorted(f"{r.short_type} {r.name}" for r in self.custom if name.rpartition("-")[0] in r.name)
            raise LookupError(f"{len(found)} resources named {name!r} ({token or 'any type'}); near it: {near}")
        return found[0]

    def ancestors(self, resource: Declared) -> Iterator[Declared]:
        """Parents of a resource, nearest first."""
        while resource.parent in self.by_urn:
            resource = self.by_urn[resource.parent]
            yield resource

    def component_of(self, resource: Declared) -> str:
        """Kind of the room a resource stands in (`network`), by the type of its nearest component."""
        for ancestor in self.ancestors(resource):
            if not ancestor.custom:
                return kind_of(ancestor.type)
        return ""


def plain(value: Value) -> Value:
    """The value as JSON data, with `[secret]` and `[unknown]` in place of what may not or cannot be told."""
    return walk(value, lambda leaf: repr(leaf) if isinstance(leaf, Secret | Unknown) else leaf)


def walk(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """`value` rebuilt with `leaf` applied to everything that is neither object nor list."""
    if isinstance(value, dict):
        return {key: walk(inner, leaf) for key, inner in cast("dict[str, Value]", value).items()}
    if isinstance(value, list):
        return [walk(inner, leaf) for inner in cast("list[Value]", value)]
    return leaf(value)


def as_json(inventory: Inventory) -> dict[str, Value]:
    """The inventory as JSON data, secrets masked."""
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
