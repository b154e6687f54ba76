"""The declared resources as a tree to read: platform, regions, rooms, and in a room one line for each type. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from automation.plan.facts import facts_of
from automation.plan.inventory import Declared, Inventory
from automation.urn import kind_of

ORDER = (
    "Account", "Region", "Logs", "Keys", "Vault", "Network", "Channels", "Identity", "Registry", "Secrets",
    "Database", "Cache", "Storage", "Models", "Prometheus", "Environment", "Ingress", "Compute", "Autoscaling",
    "Entry", "Monitoring",
)  # fmt: skip
"""Components in the order in which the platform is told; others follow by name."""
NAMES_SHOWN = 6
"""Names told of one type in one room; the JSON of a plan has them all."""


@dataclass(frozen=True)
class Line:
    """The resources of one short type in one room: names without the room's own, and facts where they are alike."""

    type: str
    count: int
    names: tuple[str, ...]
    facts: str = ""

    @property
    def hidden(self) -> int:
        """How many names are not told."""
        return self.count - len(self.names)


@dataclass(frozen=True)
class Branch:
    """A component: its kind, its name without the stack's, what stands in it and beneath it."""

    kind: str
    name: str
    count: int
    lines: tuple[Line, ...]
    branches: tuple["Branch", ...]


def tree_of(inventory: Inventory) -> tuple[Branch, ...]:
    """The components without a component above them, each with everything beneath it."""
    known = inventory.by_urn
    roots = [resource for resource in inventory.resources if not resource.custom and resource.parent not in known]
    return tuple(_branch(root, inventory) for root in roots)


def _branch(component: Declared, inventory: Inventory) -> Branch:
    beneath = [resource for resource in inventory.resources if resource.parent == component.urn]
    made = [resource for resource in beneath if resource.made]
    branches = [_branch(inner, inventory) for inner in beneath if not inner.custom]
    branches.sort(key=lambda branch: (rank(branch.kind), branch.name))
    return Branch(
        kind=kind_of(component.type),
        name=own_part(component.name, inventory.stack),
        count=len(made) + sum(branch.count for branch in branches),
        lines=_lines(made, component.name),
        branches=tuple(branches),
    )


def rank(kind: str) -> tuple[int, str]:
    """Place of a component's kind in the telling."""
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), kind)


def own_part(name: str, above: str) -> str:
    """`private-a` for `prod-network-private-a` in `prod-network`; the whole name where it says something else."""
    return name.removeprefix(f"{above}-")


def _lines(resources: Sequence[Declared], component: str) -> tuple[Line, ...]:
    """One line a type; the type of the room's main resource, which has the room's own name, comes first."""
    types: dict[str, list[Declared]] = {}
    for resource in resources:
        types.setdefault(resource.short_type, []).append(resource)
    main = {resource.short_type for resource in resources if resource.name == component}
    ordered = sorted(types, key=lambda short_type: (short_type not in main, short_type))
    return tuple(_line(short_type, types[short_type], component) for short_type in ordered)


def _line(short_type: str, resources: Sequence[Declared], component: str) -> Line:
    facts = [facts_of(resource) for resource in resources]
    names = [own_part(resource.name, component) for resource in resources]
    alike = len(set(facts)) == 1
    if not alike:
        names = [f"{name} ({fact})" if fact else name for name, fact in zip(names, facts, strict=True)]
    return Line(short_type, len(resources), tuple(names[:NAMES_SHOWN]), facts[0] if alike else "")
