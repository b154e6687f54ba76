"""Comparison of two plans by component: resource counts, resources on one side only, inputs that differ. Pure.

Resource types of two clouds never match, so only counts and types are compared. On one cloud, resources with the same
component, type and name are the same resource; their inputs are compared property by property, also within JSON
documents.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from automation.plan.inventory import Declared, Inventory, Value, plain, walk
from automation.plan.tree import rank, without_prefix
from providers.contract.spec.defaults import is_list, is_mapping

Key = tuple[str, str, str]
"""Component, short type and name without the stack's prefix."""
STACK = "<stack>"
"""Replaces the stack's name on both sides, so that names derived from it do not differ."""


@dataclass(frozen=True)
class PlanChange:
    """Input of one resource that differs between two plans; None on a side that does not set it."""

    type: str
    name: str
    path: str
    left: Value
    right: Value


@dataclass(frozen=True)
class ComponentDiff:
    """Component on both sides; `only_*` count resources by short type."""

    component: str
    left: int
    right: int
    only_left: Mapping[str, int] = field(default_factory=dict[str, int])
    only_right: Mapping[str, int] = field(default_factory=dict[str, int])
    changes: tuple[PlanChange, ...] = ()

    @property
    def same(self) -> bool:
        """True if nothing differs."""
        return not (self.only_left or self.only_right or self.changes)


def compare(left: Inventory, right: Inventory) -> tuple[ComponentDiff, ...]:
    """Compare every component of either plan, in display order."""
    left_by_key, right_by_key = _by_key(left), _by_key(right)
    components = sorted({component for component, _, _ in (*left_by_key, *right_by_key)}, key=rank)
    return tuple(
        _component_diff(component, _within(component, left_by_key), _within(component, right_by_key))
        for component in components
    )


def _by_key(inventory: Inventory) -> dict[Key, Declared]:
    return {_key(inventory, resource): resource for resource in inventory.custom}


def _key(inventory: Inventory, resource: Declared) -> Key:
    return (inventory.component_of(resource), resource.short_type, _without_stack(resource.name, resource))


def _within(component: str, resources: Mapping[Key, Declared]) -> dict[Key, Declared]:
    return {key: resource for key, resource in resources.items() if key[0] == component}


def _component_diff(component: str, left: Mapping[Key, Declared], right: Mapping[Key, Declared]) -> ComponentDiff:
    both = sorted(left.keys() & right.keys())
    return ComponentDiff(
        component,
        len(left),
        len(right),
        _type_counts(left.keys() - right.keys()),
        _type_counts(right.keys() - left.keys()),
        tuple(change for key in both for change in _changes(key, left[key], right[key])),
    )


def _type_counts(keys: set[Key]) -> dict[str, int]:
    return dict(sorted(Counter(short_type for _, short_type, _ in keys).items()))


def _changes(key: Key, left: Declared, right: Declared) -> Iterator[PlanChange]:
    component, short_type, full_name = key
    name = without_prefix(without_prefix(full_name, STACK), component.lower())
    for path, left_value, right_value in input_changes(left, right):
        yield PlanChange(short_type, name, path, left_value, right_value)


def input_changes(left: Declared, right: Declared) -> Iterator[tuple[str, Value, Value]]:
    """Yield path and both values of each input that differs between two declarations of a resource, secrets masked."""
    left_values, right_values = _properties(left), _properties(right)
    for path in sorted(left_values.keys() | right_values.keys()):
        left_value, right_value = left_values.get(path), right_values.get(path)
        if _comparable(left_value, left) != _comparable(right_value, right):
            yield path, left_value, right_value


def _properties(resource: Declared) -> dict[str, Value]:
    """Return every scalar of the inputs by its path, and the option `protect`."""
    inputs = {**resource.inputs, "protect": resource.protect}
    return {_without_stack(path, resource): value for path, value in _leaves("", _unfolded(plain(inputs)))}


def _unfolded(value: Value) -> Value:
    """Return the value with the JSON documents in its strings parsed."""
    return walk(value, _parsed)


def _parsed(leaf: Value) -> Value:
    if not isinstance(leaf, str) or leaf[:1] not in ("{", "["):
        return leaf
    try:
        return _unfolded(json.loads(leaf))
    except json.JSONDecodeError:
        return leaf


def _comparable(value: Value, resource: Declared) -> Value:
    return _without_stack(value, resource) if isinstance(value, str) else value


def _without_stack(text: str, resource: Declared) -> str:
    return re.sub(rf"\b{re.escape(resource.urn.stack)}\b", STACK, text)


def _leaves(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Yield every scalar of a value with its dotted path; list items by position."""
    if is_mapping(value) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}".lstrip("."), inner)
    elif is_list(value) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{path}[{index}]", inner)
    else:
        yield path, value
