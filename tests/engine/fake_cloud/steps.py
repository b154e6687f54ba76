"""Steps of the engine for a changed plan on a standing stack, computed in this process from two plans.

The engine compares the resources of a URN by the provider's diff and by their options; what refers to a resource that is
created again has an unknown value in the preview, and changes too. `test_stateful_resources.py` compares these steps with those
of the engine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from automation.plan.inventory import Declared, Inventory, Secret, Value, walk
from automation.plan.placeholders import placeholder
from automation.urn import PROVIDER_PREFIX
from providers.contract.spec.defaults import is_mapping
from tests.engine.fake_cloud.replacements import refused_update, replaced_properties

LOSING = ("replace", "delete")
PROTECTION = "protect"
"""Option whose change the engine writes into the state, and reports as no change."""


@dataclass(frozen=True)
class Step:
    """Step of one resource; `properties` are the changed inputs. A forgotten resource stays in the cloud."""

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()
    refusal: str = ""
    """Error of the provider, which does not accept the change."""


def steps(before: Inventory, after: Inventory) -> tuple[Step, ...]:
    """Return the steps of an update from one plan to the other, without resources that stay the same."""
    standing, planned = _by_key(before), _by_key(after)
    gone = [_deletion(standing[key]) for key in sorted(standing.keys() - planned.keys())]
    created = [Step("create", *key) for key in sorted(planned.keys() - standing.keys())]
    common = {key: (standing[key], planned[key]) for key in sorted(standing.keys() & planned.keys())}
    replaced: list[str] = []
    while True:
        changed = [step for old, new in common.values() if (step := _change(old, new, replaced))]
        again = [placeholder(step.type, step.name) for step in changed if step.operation == "replace"]
        if again == replaced:
            return (*gone, *created, *changed)
        replaced = again


def _by_key(inventory: Inventory) -> dict[tuple[str, str], Declared]:
    return {(each.type, each.name): each for each in inventory.resources if each.custom}


def _deletion(resource: Declared) -> Step:
    return Step("forget" if resource.options.get("retainOnDelete") else "delete", resource.type, resource.name)


def _change(old: Declared, new: Declared, replaced: list[str]) -> Step | None:
    """Return the step of a resource that both plans have; `replaced` are the placeholders of resources created again."""
    if new.options.get("replacementTrigger") != old.options.get("replacementTrigger"):
        return Step("replace", new.type, new.name, ("replacementTrigger",))
    inputs = with_ignored(new.inputs, old.inputs, new.ignore_changes)
    if replaced:
        inputs = {key: _with_unknowns(value, replaced) for key, value in inputs.items()}
    changed = tuple(key for key in sorted({*old.inputs, *inputs}) if old.inputs.get(key) != inputs.get(key))
    if not changed and old.protect != new.protect:
        return Step("update", new.type, new.name, (PROTECTION,))
    if not changed or new.type.startswith(PROVIDER_PREFIX):
        return Step("update", new.type, new.name, changed) if changed else None
    replaces = [key for key in replaced_properties(new.type, old.inputs, inputs) if key in changed]
    refusal = refused_update(new.type, old.inputs, inputs)
    return Step("replace" if replaces else "update", new.type, new.name, changed, refusal)


def _with_unknowns(value: Value, placeholders: list[str]) -> Value:
    """Return a value in which each text, or secret, that has one of the placeholders is unknown."""

    def unknown(leaf: Value) -> Value:
        text = str(revealed(leaf))
        return "unknown" if any(each in text for each in placeholders) else leaf

    return walk(value, unknown)


def revealed(value: Value) -> Value:
    """Return a value with its secrets in plain text."""
    return walk(value, lambda leaf: revealed(leaf.value) if isinstance(leaf, Secret) else leaf)


def with_ignored(inputs: Mapping[str, Value], old: Mapping[str, Value], paths: Iterable[str]) -> dict[str, Value]:
    """Return the inputs of an update: with the old values at the paths of `ignoreChanges`."""
    result = dict(inputs)
    for path in paths:
        result = _with_value(result, path.split("."), _value_at(old, path.split(".")))
    return result


def _value_at(values: Value, path: list[str]) -> Value:
    for key in path:
        values = values.get(key) if is_mapping(values) else None
    return values


def _with_value(values: Mapping[str, Value], path: list[str], value: Value) -> dict[str, Value]:
    """Return the values with one more at a path, or without it; a path that does not exist changes nothing."""
    result, (key, *rest) = dict(values), path
    inner = result.get(key)
    if rest:
        return {**result, key: _with_value(inner, rest, value)} if is_mapping(inner) else result
    if value is None:
        result.pop(key, None)
        return result
    return {**result, key: value}


def lost(steps_of_update: tuple[Step, ...], types: Mapping[str, str]) -> Iterator[Step]:
    """Yield the steps that replace or delete a resource of these types."""
    return (step for step in steps_of_update if step.operation in LOSING and step.type in types)
