"""Resources of an exported state. Imports no SDK."""

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
    deployment = exported.get("deployment")
    resources = deployment.get("resources") if is_object(deployment) else None
    found = [resource for resource in resources if is_object(resource)] if is_list(resources) else []
    return [resource for resource in found if pending_deletes or not resource.get("delete")]


def urns(resource: StateResource, key: str) -> list[str]:
    """Return a list of URNs in a resource, such as `dependencies`."""
    values = resource.get(key)
    return [str(value) for value in values] if is_list(values) else []
