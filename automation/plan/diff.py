"""Two plans compared room by room: how many stand on each side, what stands on one side only, what differs. Pure.

Across clouds no two types are alike, so counts and types are told. On one cloud resources of one room, type and name
are the same resource, and its inputs are compared property by property, inside JSON documents too.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from automation.plan.inventory import Declared, Inventory, Value, plain, walk
from automation.plan.tree import own_part, rank

Key = tuple[str, str, str]
"""Room, short type and name without the stack's own."""


@dataclass(frozen=True)
class PlanChange:
    """One input that two plans give the same resource differently; None where one of them does not give it."""

    type: str
    name: str
    path: str
    here: Value
    there: Value


@dataclass(frozen=True)
class ComponentDiff:
    """One room on both sides; `only_*` count resources by short type."""

    component: str
    here: int
    there: int
    only_here: Mapping[str, int] = field(default_factory=dict[str, int])
    only_there: Mapping[str, int] = field(default_factory=dict[str, int])
    changes: tuple[PlanChange, ...] = ()

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        return not (self.only_here or self.only_there or self.changes)


def compare(here: Inventory, there: Inventory) -> tuple[ComponentDiff, ...]:
    """Every room of either plan, in the order of the telling."""
    left, right = _by_key(here), _by_key(there)
    components = sorted({key[0] for key in (*left, *right)}, key=rank)
    return tuple(_room(component, _of(component, left), _of(component, right)) for component in components)


def _by_key(inventory: Inventory) -> dict[Key, Declared]:
    return {_key(inventory, made): made for made in inventory.custom}


def _key(inventory: Inventory, made: Declared) -> Key:
    return (inventory.component_of(made), made.short_type, cast("str", _neutral(made.name, made)))


def _of(component: str, resources: Mapping[Key, Declared]) -> dict[Key, Declared]:
    return {key: resource for key, resource in resources.items() if key[0] == component}


def _room(component: str, here: Mapping[Key, Declared], there: Mapping[Key, Declared]) -> ComponentDiff:
    both = sorted(here.keys() & there.keys())
    return ComponentDiff(
        component,
        len(here),
        len(there),
        _types(here.keys() - there.keys()),
        _types(there.keys() - here.keys()),
        tuple(change for key in both for change in _changes(key, here[key], there[key])),
    )


def _types(keys: set[Key]) -> dict[str, int]:
    return dict(sorted(Counter(short_type for _, short_type, _ in keys).items()))


def _changes(key: Key, here: Declared, there: Declared) -> Iterator[PlanChange]:
    component, short_type, name = key
    before, after = _properties(here), _properties(there)
    own = own_part(own_part(name, STACK), component.lower())
    for path in sorted(before.keys() | after.keys()):
        left, right = before.get(path), after.get(path)
        if _neutral(left, here) != _neutral(right, there):
            yield PlanChange(short_type, own, path, left, right)


def _properties(resource: Declared) -> dict[str, Value]:
    """Every scalar of the inputs by its path, and whether the stack protects the resource."""
    inputs = {**resource.inputs, "protect": resource.protect}
    return {cast("str", _neutral(path, resource)): value for path, value in _leaves("", _unfolded(plain(inputs)))}


def _unfolded(value: Value) -> Value:
    """The value with the JSON documents in its strings opened."""
    return walk(value, _opened)


def _opened(leaf: Value) -> Value:
    if not isinstance(leaf, str) or leaf[:1] not in ("{", "["):
        return leaf
    try:
        return _unfolded(json.loads(leaf))
    except json.JSONDecodeError:
        return leaf


STACK = "<stack>"
"""Stands for the stack's name on both sides, so that names made from it are no difference."""


def _neutral(value: Value, resource: Declared) -> Value:
    stack = resource.urn.split(":")[2]
    return re.sub(rf"\b{re.escape(stack)}\b", STACK, value) if isinstance(value, str) else value


def _leaves(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Every scalar of a value by its dotted path; lists by position."""
    if isinstance(value, dict) and value:
        for key, inner in cast("dict[str, Value]", value).items():
            yield from _leaves(f"{path}.{key}".lstrip("."), inner)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(cast("list[Value]", value)):
            yield from _leaves(f"{path}[{index}]", inner)
    else:
        yield path, value
