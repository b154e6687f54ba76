"""Resources that the state lacks: those that the next `up` would create, and those that were being created.

The first come from a preview of the engine, not from the plan without an engine: the preview knows the existing
resources, so inputs that depend on them have values that a search can compare.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pulumi.automation import EngineEvent
from pulumi.automation.events import StepEventStateMetadata

from automation.deploy.engine_events import masked
from automation.deploy.state import ExportedState, state_operations, state_resources
from automation.plan.inventory import Inventory, Value
from automation.urn import Urn
from providers.contract.spec.defaults import is_mapping

CREATING = "creating"
RegionNames = Mapping[str, str]
"""Region by the logical name of its provider, for a stack in two regions or more, in which names may occur twice."""


@dataclass(frozen=True)
class MissingResource:
    """Resource that the state does not contain; `pending` when its creation had begun. Inputs are in the wire format."""

    urn: Urn
    parent: str
    provider: str
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    pending: bool = False
    region: str = ""
    """Region, for a stack in two regions or more."""
    provider_region: str = ""
    """Region of the provider, for a stack in two regions or more."""

    def __str__(self) -> str:
        return f"{self.urn.name} ({self.urn.short_type})"


@dataclass(frozen=True)
class RelatedResource:
    """Component or provider that the state does not contain and that missing resources need; no cloud object exists for it."""

    urn: Urn
    parent: str
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])


@dataclass(frozen=True)
class PendingOperation:
    """Operation that was running when the engine ended; `verb` is the engine's: creating, updating, deleting."""

    urn: Urn
    verb: str


def planned_creations(events: Iterable[EngineEvent]) -> tuple[MissingResource, ...]:
    """Return the resources that a preview would create in a cloud."""
    return tuple(
        MissingResource(Urn(state.urn), state.parent, Urn.of_provider(state.provider), _inputs(state))
        for state in _created(events)
        if state.custom and not Urn(state.urn).is_provider
    )


def related_resources(events: Iterable[EngineEvent]) -> Mapping[str, RelatedResource]:
    """Return the components and providers that a preview would create, by URN."""
    return {
        state.urn: RelatedResource(Urn(state.urn), state.parent, _inputs(state))
        for state in _created(events)
        if state.parent and (not state.custom or Urn(state.urn).is_provider)
    }


def pending_operations(state: ExportedState) -> tuple[PendingOperation, ...]:
    """Return the pending operations in the order of the state."""
    return tuple(PendingOperation(Urn(_resource(one)["urn"]), str(one["type"])) for one in state_operations(state))


def pending_creations(state: ExportedState) -> tuple[MissingResource, ...]:
    """Return the resources that were being created and that the state does not contain under another id."""
    existing = urns_of(state)
    resources = [_resource(one) for one in state_operations(state) if one["type"] == CREATING]
    return tuple(
        MissingResource(
            Urn(resource["urn"]), str(resource.get("parent") or ""),
            Urn.of_provider(str(resource.get("provider") or "")),
            _masked_inputs(resource.get("inputs")), pending=True,
        )
        for resource in resources
        if resource["urn"] not in existing
    )  # fmt: skip


def resources_to_import(state: ExportedState, events: Sequence[EngineEvent]) -> tuple[MissingResource, ...]:
    """Return every resource that could be imported, those that were being created first."""
    by_urn = {missing.urn: missing for missing in (*planned_creations(events), *pending_creations(state))}
    return tuple(sorted(by_urn.values(), key=lambda missing: not missing.pending))


def region_names(stack: str, regions: Sequence[str]) -> RegionNames:
    """Return the region of each provider by its logical name; empty for a stack in one region."""
    return {f"{stack}-{region}": region for region in regions} if len(regions) > 1 else {}


def region_of(provider: str, inputs: Mapping[str, Value], names: RegionNames) -> str:
    """Return the region of a resource: that of its inputs, else that of its provider; empty for a stack in one region."""
    region = names.get(Urn(provider).name, "")
    own = inputs.get("region")
    return own if region and isinstance(own, str) and own in names.values() else region


def in_regions(missing: Iterable[MissingResource], names: RegionNames) -> tuple[MissingResource, ...]:
    """Return resources with their regions; unchanged for a stack in one region."""
    return tuple(
        replace(
            each,
            region=region_of(each.provider, each.inputs, names),
            provider_region=region_of(each.provider, {}, names),
        )
        for each in missing
    )


def other_regions(inventory: Inventory, known: Collection[str]) -> tuple[str, ...]:
    """Return the regions that inputs of a plan's resources name, besides those that are known."""
    named = {each.inputs.get("region") for each in inventory.custom}
    return tuple(sorted(region for region in named if isinstance(region, str) and region not in known))


def urns_of(state: ExportedState) -> set[str]:
    """Return the URNs of the resources of a state."""
    return {str(resource["urn"]) for resource in state_resources(state)}


def _created(events: Iterable[EngineEvent]) -> Iterator[StepEventStateMetadata]:
    for event in events:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step is not None and step.op.value == "create" and step.new is not None:
            yield step.new


def _inputs(state: StepEventStateMetadata) -> Mapping[str, Value]:
    return _masked_inputs(dict(state.inputs or {}))


def _masked_inputs(inputs: Value) -> Mapping[str, Value]:
    values = masked(inputs or {})
    return values if is_mapping(values) else {}


def _resource(operation: Mapping[str, Value]) -> Mapping[str, Value]:
    resource = operation["resource"]
    return resource if is_mapping(resource) else {}
