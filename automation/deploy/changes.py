"""What an update would change or has changed, resource by resource and property by property, from its events. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.deploy.events import Event, ResourceState, StepBegun, StepDone, StepMetadata
from automation.deploy.property_paths import differing, value_at
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.plan.tree import rank
from automation.urn import short_type

SAME = "same"
REPLACING = ("replace", "create-replacement", "read-replacement", "import-replacement")
"""The engine's words for the parts of a replacement that makes the new one."""
WORDS = {
    "delete-replaced": "delete", "discard-replaced": "forget", "discard": "forget", "remove-pending-replace": "forget",
    "refresh": SAME,
}  # fmt: skip
"""Our word where it is not the engine's. What is left of an earlier replacement is deleted like anything else."""
ORDER = ("replace", "delete", "create", "update", "import", "read", "forget", SAME)
"""Operations, the most grave first: of several steps of one resource the first here is its change."""


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
    made: bool = True
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


def planned(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """The change of every resource that a preview names, same ones too, in the order of the rooms."""
    return _folded(event.step for event in events if isinstance(event, StepBegun | StepDone))


def made(events: Iterable[Event]) -> tuple[ResourceChange, ...]:
    """The change of every resource that an update has completed."""
    return _folded(event.step for event in events if isinstance(event, StepDone))


def counted(changes: Iterable[ResourceChange]) -> Mapping[str, int]:
    """How many of a cloud's resources each operation is for, the most grave first; `same` included."""
    counts = Counter(change.operation for change in changes if change.made)
    return {operation: counts[operation] for operation in ORDER if counts[operation]}


def effective(changes: Iterable[ResourceChange]) -> tuple[ResourceChange, ...]:
    """The changes of a cloud's resources that change anything."""
    return tuple(change for change in changes if change.made and change.operation not in (SAME, "read"))


def by_component(changes: Iterable[ResourceChange]) -> Mapping[str, tuple[ResourceChange, ...]]:
    """Changes by room, rooms in the order of the telling."""
    components: dict[str, list[ResourceChange]] = {}
    for change in changes:
        components.setdefault(change.component, []).append(change)
    return {component: tuple(components[component]) for component in sorted(components, key=rank)}


def word_for(operation: str) -> str:
    """Our word for an operation of the engine."""
    return "replace" if operation in REPLACING else WORDS.get(operation, operation)


def _folded(steps: Iterable[StepMetadata]) -> tuple[ResourceChange, ...]:
    by_urn: dict[str, list[StepMetadata]] = {}
    for step in steps:
        by_urn.setdefault(step.urn, []).append(step)
    changes = [_change(urn, several) for urn, several in by_urn.items()]
    return tuple(sorted(changes, key=lambda change: (rank(change.component), change.urn)))


def _change(urn: str, steps: Sequence[StepMetadata]) -> ResourceChange:
    words = {word_for(step.operation) for step in steps}
    operation = next((word for word in ORDER if word in words), SAME)
    telling = [step for step in steps if word_for(step.operation) == operation]
    fullest = max(telling, key=_fullness)
    return ResourceChange(urn, operation, tuple(properties_of(fullest, operation)), any(step.made for step in steps))


def _fullness(step: StepMetadata) -> tuple[bool, bool, int]:
    """Of several steps of one change, the one that knows both states and most of the reasons tells it."""
    return (step.old is not None and step.new is not None, bool(step.differences), len(step.forcing))


def properties_of(step: StepMetadata, operation: str, *, refreshed: bool = False) -> Iterator[PropertyChange]:
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
    found = tuple(path for path in differing(*pair) if not path.startswith("__"))
    return (*found, *(key for key in (*step.forcing, *step.changed) if not any(_within(path, key) for path in found)))


def _within(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))
