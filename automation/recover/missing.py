"""Resources that the next `up` would create, and those whose creation was under way when the engine ended.

The first are told by the engine's own preview and not by the plan without an engine: it knows what of each resource
stands already, so inputs that come from other resources are values here, and a search can compare them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from automation.deploy.engine_events import masked
from automation.deploy.urn import name_of, type_of
from automation.plan.inventory import Value
from automation.urn import short_type

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import StepEventStateMetadata

PROVIDERS = "pulumi:providers:"
CREATING = "creating"
Exported = Mapping[str, Value]


@dataclass(frozen=True)
class Missing:
    """A resource that the state does not have; `pending` where its creation had begun. Inputs are as on the wire."""

    urn: str
    parent: str
    provider: str
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    pending: bool = False

    @property
    def type(self) -> str:
        """Type token."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """Logical name."""
        return name_of(self.urn)

    def __str__(self) -> str:
        return f"{self.name} ({short_type(self.type)})"


@dataclass(frozen=True)
class RelatedResources:
    """A component or provider that the state does not have, and that resources stand on; no cloud knows it."""

    urn: str
    parent: str
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    provider: bool = False


@dataclass(frozen=True)
class Operation:
    """Something that was under way when the engine ended; `verb` is its own word: creating, updating, deleting."""

    urn: str
    verb: str

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return name_of(self.urn)


def to_be_created(events: Iterable["EngineEvent"]) -> tuple[Missing, ...]:
    """What a preview would create in a cloud."""
    return tuple(
        Missing(str(state.urn), state.parent, _urn_of(state.provider), _inputs(state))
        for state in _created(events)
        if state.custom and not state.type.startswith(PROVIDERS)
    )


def related_resources(events: Iterable["EngineEvent"]) -> Mapping[str, RelatedResources]:
    """Components and providers that a preview would make, by urn."""
    return {
        state.urn: RelatedResources(state.urn, state.parent, _inputs(state), provider=state.type.startswith(PROVIDERS))
        for state in _created(events)
        if state.parent and (not state.custom or state.type.startswith(PROVIDERS))
    }


def _created(events: Iterable["EngineEvent"]) -> Iterator["StepEventStateMetadata"]:
    for event in events:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step is not None and step.op.value == "create" and step.new is not None:
            yield step.new


def _inputs(state: "StepEventStateMetadata") -> Mapping[str, Value]:
    return cast("Mapping[str, Value]", masked(dict(state.inputs or {})))


def under_way(exported: Exported) -> tuple[Operation, ...]:
    """What was under way, in the order of the state."""
    return tuple(Operation(str(_resource(one)["urn"]), str(one["type"])) for one in _operations(exported))


def pending(exported: Exported) -> tuple[Missing, ...]:
    """What was being created and stands in the state under no other id."""
    standing = urns_of(exported)
    resources = [_resource(one) for one in _operations(exported) if one["type"] == CREATING]
    return tuple(
        Missing(
            str(resource["urn"]), str(resource.get("parent") or ""), _urn_of(str(resource.get("provider") or "")),
            cast("Mapping[str, Value]", masked(resource.get("inputs") or {})), pending=True,
        )
        for resource in resources
        if resource["urn"] not in standing
    )  # fmt: skip


def all_missing(exported: Exported, events: Sequence["EngineEvent"]) -> tuple[Missing, ...]:
    """What could be taken over from the cloud, each resource once, those that were being created first."""
    found = {missing.urn: missing for missing in (*to_be_created(events), *pending(exported))}
    return tuple(sorted(found.values(), key=lambda missing: not missing.pending))


def resources_of(exported: Exported) -> list[Mapping[str, Value]]:
    """Resources of an exported state, those that wait to be deleted too."""
    return cast("list[Mapping[str, Value]]", _deployment(exported).get("resources") or [])


def urns_of(exported: Exported) -> set[str]:
    """Urns of the resources of an exported state."""
    return {str(resource["urn"]) for resource in resources_of(exported)}


def _operations(exported: Exported) -> list[Mapping[str, Value]]:
    return cast("list[Mapping[str, Value]]", _deployment(exported).get("pending_operations") or [])


def _resource(operation: Mapping[str, Value]) -> Mapping[str, Value]:
    return cast("Mapping[str, Value]", operation["resource"])


def _deployment(exported: Exported) -> Mapping[str, Value]:
    return cast("Mapping[str, Value]", exported.get("deployment") or {})


def _urn_of(provider: str) -> str:
    """The urn of a provider's reference, which ends with its id."""
    return provider.rpartition("::")[0]
