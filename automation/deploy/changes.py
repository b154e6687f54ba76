"""What an update would change or has changed, resource by resource and property by property, from its events. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from automation.deploy.events import (
    OPERATIONS,
    SAME,
    Event,
    ResourceState,
    StepCompleted,
    StepMetadata,
    StepStarted,
    normalize_operation,
)
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.plan.tree import rank
from automation.urn import short_type


@dataclass(frozen=True)
class PropertyChange:
    """One property that differs; secrets masked, None where there is no value."""

    path: str
    before: Value
    after: Value
    forces: bool = False
    """True when it forces a replacement."""


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource: create, update, replace, delete, import, read, forget or same."""

    urn: str
    operation: str
    properties: tuple[PropertyChange, ...] = ()
    managed: bool = True
    """False for components and providers, which no cloud makes."""

    @property
    def type(self) -> str:
        """Type token."""
        return type_of(self.urn)

    @property
    def short_type(self) -> str:
        """`rds:Instance`."""
        return short_type(self.type)

    @property
    def name(self) -> str:
        """Logical name."""
        return name_of(self.urn)

    @property
    def component(self) -> str:
        """Kind of the room it stands in."""
        return component_of(self.urn)

    @property
    def replaces(self) -> tuple[str, ...]:
        """Paths of the properties that force a replacement."""
        return tuple(found.path for found in self.properties if found.forces)


def planned_changes(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """The change of every resource that a preview names, same ones too, in the order of the rooms."""
    return _folded(event.step for event in events if isinstance(event, StepStarted | StepCompleted))


def completed_changes(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """The change of every resource that an update has completed."""
    return _folded(event.step for event in events if isinstance(event, StepCompleted))


def count_by_operation(changes: Iterable[ResourceChange]) -> Mapping[str, int]:
    """How many of a cloud's resources each operation is for, the most grave first; `same` included."""
    counts = Counter(change.operation for change in changes if change.managed)
    return {operation: counts[operation] for operation in OPERATIONS if counts[operation]}


def effective_changes(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """The changes of a cloud's resources that change anything."""
    return tuple(change for change in changes if change.managed and change.operation not in (SAME, "read"))


def group_by_component(changes: Iterable[ResourceChange]) -> Mapping[str, tuple[ResourceChange, ...]]:
    """Changes by room, rooms in the order of the telling."""
    components: dict[str, list[ResourceChange]] = {}
    for change in changes:
        components.setdefault(change.component, []).append(change)
    return {component: tuple(components[component]) for component in sorted(components, key=rank)}


def _folded(steps: Iterable[StepMetadata]) -> tuple[ResourceChange, ...]:
    by_urn: dict[str, list[StepMetadata]] = {}
    for step in steps:
        by_urn.setdefault(step.urn, []).append(step)
    changes = [_change(urn, several) for urn, several in by_urn.items()]
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def _change(urn: str, steps: Sequence[StepMetadata]) -> ResourceChange:
    words = {normalize_operation(step.operation) for step in steps}
    operation = next((word for word in OPERATIONS if word in words), SAME)
    telling = [step for step in steps if normalize_operation(step.operation) == operation]
    fullest = max(telling, key=_fullness)
    return ResourceChange(
        urn, operation, tuple(property_changes(fullest, operation)), any(step.managed for step in steps)
    )


def _fullness(step: StepMetadata) -> tuple[bool, bool, int]:
    """Of several steps of one change, the one that knows both states and most of the reasons tells it."""
    return (step.old is not None and step.new is not None, bool(step.differences), len(step.forcing))


def property_changes(step: StepMetadata, operation: str, *, refreshed: bool = False) -> Iterator[PropertyChange]:
    """Properties that a step changes; after a refresh (`refreshed`) what the cloud tells is the new value."""
    if step.old is None or step.new is None or operation in (SAME, "delete"):
        return
    for path in _paths(step, step.old, step.new, refreshed=refreshed):
        told = step.differences.get(path)
        of_inputs = told.of_inputs if told else not refreshed
        before = value_at(step.old.inputs if of_inputs else step.old.outputs, path)
        after = value_at(step.new.outputs if refreshed and not of_inputs else step.new.inputs, path)
        if before is None and told and told.kind.startswith(("update", "delete")):
            before = value_at(step.old.inputs, path)
        forces = bool(told and told.kind.endswith("-replace")) or path in step.forcing
        yield PropertyChange(path, before, after, forces)


def _paths(step: StepMetadata, old: ResourceState, new: ResourceState, *, refreshed: bool) -> tuple[str, ...]:
    """Where the provider says that they differ; else where they do, and what it says forces a replacement."""
    if step.differences:
        inside = {path.partition(".")[0].partition("[")[0] for path in step.differences}
        return (*sorted(step.differences), *(key for key in step.forcing if key not in inside))
    pair = (old.outputs, new.outputs) if refreshed else (old.inputs, new.inputs)
    found = tuple(path for path in differing_paths(*pair) if not path.startswith("__"))
    return (*found, *(key for key in (*step.forcing, *step.changed) if not any(_within(path, key) for path in found)))


def _within(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


PART = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
PLAIN_KEY = re.compile(r"[^.\[\]\"\s]+")


def path_parts(path: str) -> tuple[str | int, ...]:
    """The keys and list positions of a path, outermost first."""
    return tuple(_part(found) for found in PART.finditer(path))


def _part(found: re.Match[str]) -> str | int:
    quoted, position, key = cast("tuple[str | None, str | None, str | None]", found.groups())
    if quoted is not None:
        return str(json.loads(f'"{quoted}"'))
    return int(position) if position is not None else str(key)


def value_at(values: Value, path: str) -> Value:
    """The value at a path, or None where there is none."""
    for part in path_parts(path):
        if isinstance(part, int) and isinstance(values, list):
            items = cast("list[Value]", values)
            values = items[part] if part < len(items) else None
        elif isinstance(values, dict):
            values = cast("dict[str, Value]", values).get(str(part))
        else:
            return None
    return values


def differing_paths(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    """Paths at which two objects differ, as deep as both are objects, in order."""
    yield from _differing("", before, after)


def _differing(path: str, before: Value, after: Value) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        old, new = cast("Mapping[str, Value]", before), cast("Mapping[str, Value]", after)
        for key in sorted(old.keys() | new.keys()):
            yield from _differing(_beneath(path, key), old.get(key), new.get(key))
    elif before != after:
        yield path


def _beneath(path: str, key: str) -> str:
    if not PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
