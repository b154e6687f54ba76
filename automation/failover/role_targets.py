"""Resources whose settings depend on the role of a region, for an update of that region alone. Imports no SDK."""

from automation.deploy.targets import engine_urn
from automation.plan.inventory import Declared, Inventory
from automation.urn import Urn

ENTRY = "Entry"
"""Component of the resources that lead requests to a region, which a failover changes last."""


def role_targets(before: Inventory, after: Inventory, provider: str, *, entry: bool) -> tuple[Urn, ...]:
    """Return the URNs of the resources of a provider that differ between two plans, as the engine writes them.

    Both plans have the same resources: a failover creates and deletes nothing. `entry` includes those of the entry.
    """
    known = before.by_urn
    changed = [each for each in after.custom if _is_of(each, provider) and _differs(known.get(each.urn), each)]
    return tuple(engine_urn(after, each) for each in changed if entry or after.component_of(each) != ENTRY)


def _is_of(resource: Declared, provider: str) -> bool:
    return bool(resource.provider) and Urn.of_provider(resource.provider).name == provider


def _differs(before: Declared | None, after: Declared) -> bool:
    if before is None:
        return True
    options = ("ignoreChanges",)
    return before.inputs != after.inputs or any(before.options.get(key) != after.options.get(key) for key in options)
