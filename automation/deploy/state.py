"""Resources, pending operations and the lock holder of a stack, from its exported state. Imports no SDK."""

import re
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from automation.plan.inventory import Value
from automation.processes import is_running
from automation.urn import Urn
from providers.contract.spec.defaults import is_list, is_mapping

ExportedState = Mapping[str, Value]
"""Document of `pulumi stack export`."""
StateResource = Mapping[str, Value]
"""Resource in an exported state."""


def state_resources(exported: ExportedState, *, pending_deletes: bool = True) -> list[StateResource]:
    """Return the resources of an exported state in its order, in which dependencies come first.

    Without `pending_deletes`, resources that an interrupted replacement left to be deleted are omitted: they have the
    URN of the resource that replaced them.
    """
    resources = _objects(exported, "resources")
    return [resource for resource in resources if pending_deletes or not resource.get("delete")]


def without_types(exported: ExportedState, types: Collection[str]) -> ExportedState:
    """Return an exported state without the resources of these types."""
    return with_resources(exported, [each for each in state_resources(exported) if each.get("type") not in types])


def with_resources(exported: ExportedState, resources: Sequence[StateResource]) -> ExportedState:
    """Return an exported state with other resources."""
    deployment = exported.get("deployment")
    return {**exported, "deployment": {**(deployment if is_mapping(deployment) else {}), "resources": list(resources)}}


def state_operations(exported: ExportedState) -> list[Mapping[str, Value]]:
    """Return the operations that were in progress when the engine ended."""
    return _objects(exported, "pending_operations")


def urns(resource: StateResource, key: str) -> list[str]:
    """Return a list of URNs in a resource, such as `dependencies`."""
    values = resource.get(key)
    return [str(value) for value in values] if is_list(values) else []


def dependents(resources: Iterable[StateResource], targets: Iterable[str]) -> list[StateResource]:
    """Return the resources that depend on targets, directly or through others, or are their children; `resources` in state order."""
    known, found = set(targets), list[StateResource]()
    for resource in resources:
        urn = str(resource["urn"])
        needed = (*urns(resource, "dependencies"), str(resource.get("parent") or ""))
        if urn not in known and not known.isdisjoint(needed):
            known.add(urn)
            found.append(resource)
    return found


REGION_INPUTS = ("region", "location")
"""Inputs by which providers name the region that they are configured for."""


def providers_beside(resources: Collection[StateResource], provider: str) -> frozenset[str]:
    """Return the names of a provider and of those that are configured for the same region."""
    regions: dict[str, object] = {}
    for resource in resources:
        urn, inputs = Urn(str(resource["urn"])), resource.get("inputs")
        if urn.is_provider:
            named = (inputs.get(key) for key in REGION_INPUTS) if is_mapping(inputs) else iter(())
            regions[urn.name] = next((each for each in named if each), None)
    region = regions.get(provider)
    return frozenset({provider, *(name for name, of in regions.items() if region is not None and of == region)})


def belongs_to(resource: StateResource, provider: str) -> bool:
    """Return whether a resource in the state is a provider with this name, or one of its resources."""
    urn, reference = Urn(str(resource["urn"])), str(resource.get("provider") or "")
    return (urn.is_provider and urn.name == provider) or (
        bool(reference) and Urn.of_provider(reference).name == provider
    )


def without_dependencies(exported: ExportedState, providers: Collection[str], targets: Iterable[str]) -> ExportedState:
    """Return an exported state in which no resource of these providers depends on a target, also not through others.

    Dependencies between resources of the providers are kept. The next update that declares a resource adds its own again.
    """
    resources = state_resources(exported)
    apart = {str(each["urn"]) for each in resources if any(belongs_to(each, of) for of in providers)}
    removed = {*targets, *(str(each["urn"]) for each in dependents(resources, targets))} - apart
    changed = [_without(each, removed) if each["urn"] in apart else each for each in resources]
    deployment = exported.get("deployment")
    return {**exported, "deployment": {**(deployment if is_mapping(deployment) else {}), "resources": changed}}


def without_undeclared(
    exported: ExportedState, declared: Mapping[str, Collection[str]], targets: Collection[str]
) -> ExportedState:
    """Return an exported state without dependencies that the program does not have, except those of targets.

    `declared` has what the program registers before each resource. An update with targets answers a registration with the state,
    and takes the dependencies there for registered before. One that the program registers later then fails as a duplicate
    (pulumi/pulumi#24303). Nothing else changes; the next update of the whole stack removes the same dependencies.
    """
    resources = [
        each if (urn := str(each["urn"])) in targets or urn not in declared else _within(each, declared[urn])
        for each in state_resources(exported)
    ]
    deployment = exported.get("deployment")
    return {**exported, "deployment": {**(deployment if is_mapping(deployment) else {}), "resources": resources}}


def _within(resource: StateResource, kept: Collection[str]) -> StateResource:
    """Return a resource whose dependencies are all kept ones."""
    by_property = resource.get("propertyDependencies")
    lists = (urns(by_property, name) for name in by_property) if is_mapping(by_property) else iter(())
    removed = {*urns(resource, "dependencies"), *(urn for of in lists for urn in of)}.difference(kept)
    return _without(resource, removed) if removed else resource


def _without(resource: StateResource, removed: Collection[str]) -> StateResource:
    """Return a resource without dependencies on URNs; the state has them as a whole and by property."""
    kept = {key: value for key, value in resource.items() if key != "deletedWith" or value not in removed}
    for key in ("dependencies", "replaceWith"):
        if key in kept:
            kept[key] = [urn for urn in urns(resource, key) if urn not in removed]
    by_property = resource.get("propertyDependencies")
    if is_mapping(by_property):
        kept["propertyDependencies"] = {
            name: [urn for urn in of if urn not in removed] if is_list(of) else of for name, of in by_property.items()
        }
    return kept


def _objects(exported: ExportedState, key: str) -> list[Mapping[str, Value]]:
    deployment = exported.get("deployment")
    items = deployment.get(key) if is_mapping(deployment) else None
    return [item for item in items if is_mapping(item)] if is_list(items) else []


LOCK_PATTERN = re.compile(r"created by (?P<user>[^\s@]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True)
class LockHolder:
    """User, machine and process that hold a stack's lock, and since when; empty where the backend does not report them."""

    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""

    def __str__(self) -> str:
        if not self.user:
            return "an update in progress"
        return f"{self.process} since {self.since}"

    @property
    def process(self) -> str:
        """User, machine and process."""
        return f"{self.user}@{self.host} (process {self.pid})"

    @property
    def runs_on_this_machine(self) -> bool:
        """True when the process is running on this machine."""
        return self.host == socket.gethostname() and is_running(self.pid)


def parse_lock_holder(text: str) -> LockHolder | None:
    """Return the lock holder that the engine's error names, or None."""
    match = LOCK_PATTERN.search(text)
    if match is None:
        return None
    return LockHolder(match["user"], match["host"], int(match["pid"]), match["since"])
