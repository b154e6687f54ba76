"""Resources and pending operations of an exported state. Imports no SDK."""

from collections.abc import Mapping

from automation.plan.inventory import Value, is_list, is_object

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


def state_operations(exported: ExportedState) -> list[Mapping[str, Value]]:
    """Return the operations that were in progress when the engine ended."""
    return _objects(exported, "pending_operations")


def urns(resource: StateResource, key: str) -> list[str]:
    """Return a list of URNs in a resource, such as `dependencies`."""
    values = resource.get(key)
    return [str(value) for value in values] if is_list(values) else []


def _objects(exported: ExportedState, key: str) -> list[Mapping[str, Value]]:
    deployment = exported.get("deployment")
    items = deployment.get(key) if is_object(deployment) else None
    return [item for item in items if is_object(item)] if is_list(items) else []
