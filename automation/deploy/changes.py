"""Changes of an operation, by resource and property, computed from its events. Imports no SDK."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.deploy.events import (
    OPERATIONS,
    SAME,
    Event,
    ResourceRecord,
    ResourceState,
    StepCompleted,
    StepMetadata,
    StepStarted,
    normalize_operation,
)
from automation.plan.inventory import Value
from automation.plan.tree import rank
from automation.urn import Urn
from providers.contract.spec.defaults import is_list, is_mapping

PATH_PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
"""One part of a property path as the engine writes it: `["a.b"]`, `[0]` or `.port`."""
PLAIN_KEY = re.compile(r"[^.\[\]\"\s]+")


@dataclass(frozen=True)
class PropertyChange:
    """Property that differs; secrets masked, None for an absent value."""

    path: str
    before: Value
    after: Value
    forces: bool = False
    """True when the property forces a replacement."""


@dataclass(frozen=True)
class ResourceChange(ResourceRecord):
    """Change of one resource: create, update, replace, delete, import, read, forget or same."""

    operation: str
    properties: tuple[PropertyChange, ...] = ()
    managed: bool = True
    """False for components and providers."""

    @property
    def replaces(self) -> tuple[str, ...]:
        """Paths of the properties that force a replacement."""
        return tuple(change.path for change in self.properties if change.forces)


def planned_changes(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """Return the change of every resource in a preview, unchanged ones included, ordered by component."""
    return _by_resource(event.step for event in events if isinstance(event, StepStarted | StepCompleted))


def completed_changes(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """Return the change of every resource that an operation has completed, ordered by component."""
    return _by_resource(event.step for event in events if isinstance(event, StepCompleted))


def count_by_operation(changes: Iterable[ResourceChange]) -> Mapping[str, int]:
    """Count managed resources by operation, the most severe first; `same` included."""
    counts = Counter(change.operation for change in changes if change.managed)
    return {operation: counts[operation] for operation in OPERATIONS if counts[operation]}


def change_in_state(resource: Mapping[str, Value], operation: str) -> ResourceChange:
    """Return what an operation does to a resource of an exported state."""
    urn = Urn(str(resource["urn"]))
    return ResourceChange(urn, operation, managed=bool(resource.get("custom")) and not urn.is_provider)


def effective_changes(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """Return the changes of managed resources that change anything."""
    return tuple(change for change in changes if change.managed and change.operation not in (SAME, "read"))


def group_by_component(changes: Iterable[ResourceChange]) -> Mapping[str, tuple[ResourceChange, ...]]:
    """Group changes by component, in the order of the plan."""
    components: dict[str, list[ResourceChange]] = {}
    for change in changes:
        components.setdefault(change.component, []).append(change)
    return {component: tuple(components[component]) for component in sorted(components, key=rank)}


def property_changes(step: StepMetadata, operation: str, *, refreshed: bool = False) -> Iterator[PropertyChange]:
    """Yield the properties that a step changes; after a refresh, the new values are those of the cloud."""
    if step.old is None or step.new is None or operation in (SAME, "delete"):
        return
    for path in _changed_paths(step, step.old, step.new, refreshed=refreshed):
        diff = step.detailed_diff.get(path)
        in_inputs = diff.input_diff if diff else not refreshed
        before = value_at(step.old.inputs if in_inputs else step.old.outputs, path)
        after = value_at(step.new.outputs if refreshed and not in_inputs else step.new.inputs, path)
        if before is None and diff and diff.kind.startswith(("update", "delete")):
            before = value_at(step.old.inputs, path)
        forces = bool(diff and diff.forces_replacement) or path in step.replace_keys
        yield PropertyChange(path, before, after, forces)


def path_parts(path: str) -> tuple[str | int, ...]:
    """Return the keys and list indexes of a property path (`rules[0].tags["a.b"]`), outermost first."""
    return tuple(_path_part(match) for match in PATH_PART.finditer(path))


def value_at(values: Value, path: str) -> Value:
    """Return the value at a property path, or None when there is none."""
    for part in path_parts(path):
        if isinstance(part, int) and is_list(values):
            values = values[part] if part < len(values) else None
        elif is_mapping(values):
            values = values.get(str(part))
        else:
            return None
    return values


def differing_paths(before: Value, after: Value, path: str = "") -> Iterator[str]:
    """Yield the paths at which two values differ, in order, down to the first part that is no object in both."""
    if is_mapping(before) and is_mapping(after):
        for key in sorted(before.keys() | after.keys()):
            yield from differing_paths(before.get(key), after.get(key), _child_path(path, key))
    elif before != after:
        yield path


def _by_resource(steps: Iterable[StepMetadata]) -> tuple[ResourceChange, ...]:
    by_urn: dict[str, list[StepMetadata]] = {}
    for step in steps:
        by_urn.setdefault(step.urn, []).append(step)
    changes = [_change(steps_of_resource) for steps_of_resource in by_urn.values()]
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def _change(steps: Sequence[StepMetadata]) -> ResourceChange:
    """Return the change of a resource with one or, in a replacement, several steps."""
    operations = {normalize_operation(step.operation) for step in steps}
    operation = next((known for known in OPERATIONS if known in operations), SAME)
    representative = max((step for step in steps if normalize_operation(step.operation) == operation), key=_detail)
    properties = (*property_changes(representative, operation), *_protection_change(representative))
    if operation == SAME and properties:
        operation = "update"  # of the state alone, which the engine reports as no change
    return ResourceChange(steps[0].urn, operation, properties, any(step.managed for step in steps))


def _protection_change(step: StepMetadata) -> Iterator[PropertyChange]:
    """Yield the change of a resource's protection from deletion, which is in the state and not in the cloud."""
    if step.old is not None and step.new is not None and step.old.protect != step.new.protect:
        yield PropertyChange("protect", step.old.protect, step.new.protect)


def _detail(step: StepMetadata) -> tuple[bool, bool, int]:
    """Sort key: both states known, then a detailed diff, then the most properties that force a replacement."""
    return (step.old is not None and step.new is not None, bool(step.detailed_diff), len(step.replace_keys))


def _changed_paths(step: StepMetadata, old: ResourceState, new: ResourceState, *, refreshed: bool) -> tuple[str, ...]:
    """Return the paths that the provider reports or, without a detailed diff, those at which the states differ."""
    if step.detailed_diff:
        top_level = {path.partition(".")[0].partition("[")[0] for path in step.detailed_diff}
        return (*sorted(step.detailed_diff), *(key for key in step.replace_keys if key not in top_level))
    before, after = (old.outputs, new.outputs) if refreshed else (old.inputs, new.inputs)
    paths = tuple(path for path in differing_paths(before, after) if not path.startswith("__"))
    reported = (*step.replace_keys, *step.changed_keys)
    return (*paths, *(key for key in reported if not any(_is_within(path, key) for path in paths)))


def _is_within(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


def _path_part(match: re.Match[str]) -> str | int:
    quoted, index, key = match.groups()
    if quoted is not None:
        return str(json.loads(f'"{quoted}"'))
    return int(index) if index is not None else str(key)


def _child_path(path: str, key: str) -> str:
    if not PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
