"""Longest deploy chain and typical creation minutes."""

from graphlib import CycleError

import pytest

from automation.plan.chain import (
    DEFAULT,
    DURATIONS,
    CreationTime,
    creation_time,
    longest_chain,
    minutes_of,
    total_minutes,
)
from automation.plan.inventory import Declared
from tests.automation.inventories import INSTANCE, KEY, ROLE, SERVICE, component_resource, inventory, resource

key = resource(KEY, "prod-keys-data")
database = resource(INSTANCE, "prod-database", key, multiAz=True)
role = resource(ROLE, "prod-role", key)
service = resource(SERVICE, "prod-service", database, role, waitForSteadyState=True)


def names(*resources: Declared) -> list[str]:
    return [step.resource.name for step in longest_chain(inventory(*resources))]


def test_the_chain_follows_the_slowest_dependency() -> None:
    assert names(service, role, database, key) == ["prod-keys-data", "prod-database", "prod-service"]


def test_the_minutes_of_a_chain_are_those_of_its_steps() -> None:
    chain = longest_chain(inventory(key, database, role, service))
    assert total_minutes(chain) == pytest.approx(minutes_of(key) + minutes_of(database) + minutes_of(service))


def test_a_parent_is_no_dependency() -> None:
    component = component_resource("Database", "prod-database")
    child = resource(INSTANCE, "prod-database", within=component)
    other = resource(ROLE, "prod-other", within=component)
    assert names(component, child, other) == ["prod-database"]


def test_a_component_takes_no_time() -> None:
    assert minutes_of(component_resource("Database", "prod-database")) == 0


def test_a_dependency_outside_the_stack_is_skipped() -> None:
    assert names(database) == ["prod-database"]


def test_an_empty_inventory_has_no_chain() -> None:
    assert longest_chain(inventory()) == ()


def test_a_cycle_raises() -> None:
    first = resource(ROLE, "first", resource(ROLE, "second"))
    second = resource(ROLE, "second", first)
    with pytest.raises(CycleError):
        longest_chain(inventory(first, second))


def test_a_highly_available_database_takes_longer_than_a_single_one() -> None:
    assert minutes_of(database) > minutes_of(resource(INSTANCE, "single", multiAz=False))


def test_a_type_without_a_row_takes_seconds() -> None:
    assert creation_time(role) == DEFAULT
    assert DEFAULT.minutes < 0.1


@pytest.mark.parametrize("row", [*DURATIONS, DEFAULT], ids=lambda row: row.type)
def test_every_creation_time_has_a_source(row: CreationTime) -> None:
    assert row.minutes > 0
    assert any(word in row.source for word in ("log", "Guide", "Reference", "estimate", "walk-through"))


def test_no_row_is_shadowed_by_an_earlier_one() -> None:
    keys = [(row.type, row.only) for row in DURATIONS]
    assert len(keys) == len(set(keys))
    unconditional: set[str] = set()
    for row in DURATIONS:
        assert row.type not in unconditional
        if row.only is None:
            unconditional.add(row.type)
