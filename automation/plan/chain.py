"""The longest deploy chain: the resources that must wait for one another, and so the least time a deployment takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from automation.plan.inventory import Declared, Inventory
from automation.plan.minutes import minutes_of


@dataclass(frozen=True)
class ChainStep:
    """One resource of a chain and the minutes it typically takes."""

    resource: Declared
    minutes: float


def longest_chain(inventory: Inventory) -> tuple[ChainStep, ...]:
    """The slowest path along the dependencies, first step first; raises graphlib.CycleError for a circle.

    A parent is no dependency: the engine creates a child as soon as its inputs are known.
    """
    needs = {urn: _needs(resource, inventory.by_urn) for urn, resource in inventory.by_urn.items()}
    finished: dict[str, float] = {}
    last_need: dict[str, str | None] = {}
    for urn in TopologicalSorter(needs).static_order():
        slowest = max(needs[urn], key=lambda need: (finished[need], need), default=None)
        last_need[urn] = slowest
        finished[urn] = minutes_of(inventory.by_urn[urn]) + (finished[slowest] if slowest else 0)
    end = max(finished, key=lambda urn: (finished[urn], urn), default=None)
    return tuple(reversed([_step(inventory.by_urn[urn]) for urn in _back(end, last_need)]))


def total_minutes(chain: tuple[ChainStep, ...]) -> float:
    """Minutes of all steps."""
    return sum(step.minutes for step in chain)


def _needs(resource: Declared, known: Mapping[str, Declared]) -> list[str]:
    return [urn for urn in resource.depends_on if urn in known and urn != resource.urn]


def _back(end: str | None, last_need: Mapping[str, str | None]) -> list[str]:
    path: list[str] = []
    while end is not None:
        path.append(end)
        end = last_need[end]
    return path


def _step(resource: Declared) -> ChainStep:
    return ChainStep(resource, minutes_of(resource))
