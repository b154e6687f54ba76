"""A changed key replaces no stateful resource unless the table of the cloud states why."""

from collections.abc import Iterator
from functools import cache

import pytest

from automation.plan.inventory import Inventory
from automation.plan.spec_keys import LEAVES, Leaf
from automation.stack.document import stack_of, with_values
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.resource_traits import ReplacingChange
from providers.contract.spec.defaults import Raw
from tests.engine.fake_cloud.replacements import replaced_properties
from tests.planning import production, recorded

STACK = "trial"
CASES = [(leaf, cloud) for cloud in AVAILABLE for leaf in LEAVES if leaf.block in (None, cloud)]
ROWS = [(row, cloud) for cloud in AVAILABLE for row in resource_traits(cloud).losing]


@pytest.mark.parametrize(("leaf", "cloud"), CASES, ids=[f"{cloud}-{leaf.key}" for leaf, cloud in CASES])
def test_a_changed_key_replaces_only_what_the_table_states(leaf: Leaf, cloud: str) -> None:
    stated = {row.type for row in resource_traits(cloud).losing if row.key == leaf.key}
    lost = {token for token, _ in losses(leaf, cloud)}
    assert lost <= stated or "*" in stated


@pytest.mark.parametrize(("row", "cloud"), ROWS, ids=[f"{cloud}-{row.key}-{row.type}" for row, cloud in ROWS])
def test_every_row_of_the_table_is_needed(row: ReplacingChange, cloud: str) -> None:
    after = declared(losing_change(row.key, cloud))
    lost = {token for token, _ in _losses(declared(production(cloud=cloud)), after, cloud)}
    assert row.type in lost or (row.type == "*" and lost)


def losing_change(key: str, cloud: str) -> Raw:
    """Production with another value of a key of the cloud's table, with the risk accepted where it is one."""
    risky: dict[str, object] = {"cache.high_availability": False, "network.zones": 1}
    if key == "network.zones" and cloud != "azure":
        return with_values(production(cloud=cloud), {key: 2})
    if key == "aws.zone_names":
        return with_values(production(cloud=cloud), {key: ["us-west-2b", "us-west-2c", "us-west-2d"]})
    if key in risky:
        return with_values(production(cloud=cloud), {key: risky[key], "accept_risk": {key: "test of a replacement"}})
    return with_values(production(cloud=cloud), {key: next(leaf.value for leaf in LEAVES if leaf.key == key)})


@cache
def losses(leaf: Leaf, cloud: str) -> tuple[tuple[str, str], ...]:
    """Type and name of each stateful resource that would be replaced or deleted."""
    try:
        after = declared(leaf.after(cloud))
    except InvalidConfiguration:
        return ()
    return tuple(_losses(declared(leaf.before(cloud)), after, cloud))


def _losses(before: Inventory, after: Inventory, cloud: str) -> Iterator[tuple[str, str]]:
    there = {(resource.type, resource.name): resource for resource in after.custom}
    for resource in before.custom:
        if resource.type in resource_traits(cloud).holds:
            key = resource.type, resource.name
            if key not in there or any(replaced_properties(resource.type, resource.inputs, there[key].inputs)):
                yield key


def declared(raw: Raw) -> Inventory:
    """Plan of the platform."""
    return recorded(stack_of(STACK, {PLATFORM_KEY: raw}))
