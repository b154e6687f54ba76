"""Audits for tests: production on one cloud, with one property or resource changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from automation.audit.evaluation import AuditedCheck, AuditResult, audit_of
from automation.plan.inventory import Declared, Inventory
from automation.stack.document import Stack, stack_of
from automation.urn import Urn
from components.settings import PLATFORM_KEY
from providers import limits
from providers.contract.json_data import is_list, is_mapping
from tests.planning import DROP, plan, production

TODAY = date(2026, 11, 28)


@cache
def _production(cloud: str) -> tuple[Stack, Inventory]:
    raw = production({"accept_checks": DROP}, cloud)
    return stack_of("prod", {PLATFORM_KEY: raw}), plan(raw)


def shipped(cloud: str) -> AuditResult:
    """Return the audit of the production stack as it is shipped, with its acceptances."""
    raw = production(cloud=cloud)
    spec = stack_of("prod", {PLATFORM_KEY: raw}).spec
    return audit_of("prod", spec, limits(cloud).region(spec), plan(raw), TODAY)


def inventory_of(cloud: str) -> Inventory:
    """Return what production declares on a cloud."""
    return _production(cloud)[1]


def audited(cloud: str, inventory: Inventory | None = None, today: date = TODAY) -> AuditResult:
    """Return the audit of production on a cloud, or of another inventory with the same spec."""
    stack, own = _production(cloud)
    return audit_of("prod", stack.spec, limits(cloud).region(stack.spec), inventory or own, today)


def audited_with(cloud: str, changes: Mapping[str, object], today: date = TODAY) -> AuditResult:
    """Return the audit of production with other settings."""
    raw = production({"accept_checks": DROP, **changes}, cloud)
    spec = stack_of("prod", {PLATFORM_KEY: raw}).spec
    return audit_of("prod", spec, limits(cloud).region(spec), plan(raw), today)


def result_of(audit: AuditResult, check: str) -> AuditedCheck:
    """Return the result of one check."""
    (result,) = [each for each in audit.results if each.check.id == check]
    return result


def with_input(inventory: Inventory, subject: str, path: str, value: object) -> Inventory:
    """Return an inventory in which one resource (`<short type> <name>`) has another input; None removes it."""
    short_type, _, name = subject.partition(" ")
    (target,) = [each for each in inventory.resources if (each.short_type, each.name) == (short_type, name)]
    changed = replace(target, inputs=_set(dict(target.inputs), path.split("."), value))
    return _replaced(inventory, target, changed)


def without(inventory: Inventory, *short_types: str) -> Inventory:
    """Return an inventory without the resources of some types; at least one of them is there."""
    kept = tuple(each for each in inventory.resources if each.short_type not in short_types)
    assert len(kept) < len(inventory.resources), short_types
    return Inventory(inventory.stack, kept, inventory.outputs)


def with_resource(inventory: Inventory, token: str, name: str, inputs: Mapping[str, object]) -> Inventory:
    """Return an inventory with one resource more."""
    first = inventory.custom[0]
    urn = Urn(f"urn:pulumi:prod::agent-platform::{token}::{name}")
    added = replace(first, urn=urn, type=token, name=name, inputs=inputs, depends_on=(), protect=False)
    return Inventory(inventory.stack, (*inventory.resources, added), inventory.outputs)


def _replaced(inventory: Inventory, target: Declared, changed: Declared) -> Inventory:
    resources = tuple(changed if each is target else each for each in inventory.resources)
    return Inventory(inventory.stack, resources, inventory.outputs)


def unprotected(inventory: Inventory, subject: str) -> Inventory:
    """Return an inventory in which one resource is not protected."""
    short_type, _, name = subject.partition(" ")
    (target,) = [each for each in inventory.resources if (each.short_type, each.name) == (short_type, name)]
    return _replaced(inventory, target, replace(target, protect=False))


def _set(value: object, path: list[str], new: object) -> dict[str, object]:
    """Return a mapping with the value at a path replaced; a number in the path is a position of a list."""
    content = dict(value) if is_mapping(value) else {}
    if len(path) == 1:
        content[path[0]] = new
        return {key: each for key, each in content.items() if each is not None}
    inner = content.get(path[0])
    if is_list(inner):
        index = int(path[1])
        items = list(inner)
        items[index] = new if len(path) == 2 else _set(items[index], path[2:], new)
        content[path[0]] = items
    else:
        content[path[0]] = _set(inner, path[1:], new)
    return content
