"""Resources that an update of a part of the stack must create: the registry, or the tasks of release commands, and their needs.

The engine's `--target` creates neither the parents nor the dependencies of a target, so every one of them is a target
too (docs/adr/0015-deploy-an-empty-account-in-phases.md). Imports no SDK.
"""

from collections.abc import Collection, Iterable, Mapping

from automation.plan.inventory import Declared, Inventory
from automation.urn import Urn

REGISTRY = "Registry"
REGISTRY_MESSAGE = "up of the registry"
"""Beginning of the message of an update that deploys the registry alone."""
RELEASE_MESSAGE = "up before the release commands"
"""Beginning of the message of an update that deploys the tasks of release commands and what they need."""
FAILOVER_MESSAGE = "up of a region that is to serve"
"""Beginning of the message of an update that gives one region its role."""
PARTIAL_MESSAGES = (REGISTRY_MESSAGE, RELEASE_MESSAGE, FAILOVER_MESSAGE)
"""Beginnings of the messages of updates that deploy no service."""


def registry_targets(inventory: Inventory) -> tuple[Urn, ...]:
    """Return the URNs of the registry's resources and of everything that they need, as the engine writes them."""
    registry = [resource for resource in inventory.resources if resource.urn.component == REGISTRY]
    return tuple(engine_urn(inventory, resource) for resource in with_requirements(inventory, registry))


def release_targets(inventory: Inventory, definitions: Collection[str]) -> tuple[Urn, ...]:
    """Return the URNs of the tasks with these logical names and of everything that they need, as the engine writes them."""
    tasks = [resource for resource in inventory.resources if resource.custom and resource.name in definitions]
    return tuple(engine_urn(inventory, resource) for resource in with_requirements(inventory, tasks))


def with_requirements(inventory: Inventory, resources: Iterable[Declared]) -> tuple[Declared, ...]:
    """Return the resources with their parents, providers and dependencies, and those of these, in the order of URNs."""
    needed: set[str] = set()
    open_urns = [str(resource.urn) for resource in resources]
    while open_urns:
        resource = inventory.by_urn.get(open_urns.pop())
        if resource is not None and resource.urn not in needed:
            needed.add(resource.urn)
            open_urns += [resource.parent, Urn.of_provider(resource.provider), *resource.depends_on]
    return tuple(resource for resource in inventory.resources if resource.urn in needed)


def registered_before(inventory: Inventory) -> Mapping[str, frozenset[str]]:
    """Return what the program registers before each resource, because that needs it; all as the engine writes them."""
    found: dict[str, frozenset[str]] = {}

    def needs(urn: str) -> frozenset[str]:
        if urn not in found:
            each = inventory.by_urn[urn]
            direct = {each.parent, Urn.of_provider(each.provider), *each.depends_on} & inventory.by_urn.keys()
            found[urn] = frozenset(direct).union(*(needs(need) for need in direct))
        return found[urn]

    names = {urn: str(engine_urn(inventory, each)) for urn, each in inventory.by_urn.items()}
    return {name: frozenset(names[need] for need in needs(urn)) for urn, name in names.items()}


def engine_urn(inventory: Inventory, resource: Declared) -> Urn:
    """Return the URN that the engine gives a resource: with the types of all parents, where the recorder has one."""
    types = [each.type for each in (resource, *inventory.ancestors(resource))]
    stack, project, _, name = resource.urn.split("::", 3)
    return Urn("::".join((stack, project, "$".join(reversed(types)), name)))
