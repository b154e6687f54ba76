"""Every key of the spec that a cluster honours or adjusts, changed in as few platforms as their values allow.

Keys are changed in groups, each of which is one valid platform before and after: 150 separate platforms would take hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from automation.plan.spec_keys import BASE, LEAVES, Leaf
from automation.stack.document import with_values
from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.json_data import is_mapping
from providers.contract.spec.defaults import Raw
from providers.kubernetes.resource_traits import RESOURCE_TRAITS

NAME, CLOUD = "keys", "kubernetes"
OF_THE_CLUSTER = ("cloud", "kubernetes.context", "kubernetes.cluster_uid")
"""Keys that lead to another cluster."""
LOSING = {change.key for change in RESOURCE_TRAITS.losing}
"""Keys whose change is refused without the permission to lose data."""
BUILT = "services.web.build"
"""Keys of an image that is built before an update."""
KEYS = 140
"""Keys that are changed, at least."""
GROUPS = 5
"""Number of the groups, which a test compares: to make them takes seconds, too long for the collection of tests."""


@dataclass(frozen=True)
class Group:
    """Keys that are changed together; `context` is what they need to have an effect."""

    context: dict[str, object] = field(default_factory=dict[str, object])
    changes: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def before(self) -> Raw:
        """Platform without the changes."""
        return with_values(BASE, {"cloud": CLOUD, **self.context})

    @property
    def after(self) -> Raw:
        """Platform with the changes."""
        return with_values(self.before, self.changes)

    def with_leaf(self, leaf: Leaf) -> "Group | None":
        """Return the group with another key; None where both cannot be changed together."""
        changed = leaf.values.get(CLOUD, leaf.value)
        overlapping = any(each.startswith(f"{leaf.path}.") or leaf.path.startswith(f"{each}.") for each in self.changes)
        group = Group({**self.context, **leaf.context}, {**self.changes, leaf.path: changed})
        if overlapping or not group.changes_each():
            return None
        return group if accepted(group.before) and accepted(group.after) else None

    def changes_each(self) -> bool:
        """True when each key has another value after the change: one that another key needs may be the new one already."""
        before, after = self.before, self.after
        return all(value_at(before, path) != value_at(after, path) for path in self.changes)


def value_at(raw: Raw, path: str) -> object:
    """Return the value of a key; None where it is absent."""
    value: object = raw
    for key in path.split("."):
        value = value.get(key) if is_mapping(value) else None
    return value


def accepted(raw: Raw) -> bool:
    """True for a platform that a cluster can run."""
    try:
        parse(raw, NAME)
    except InvalidConfiguration:
        return False
    return True


def changed_leaves() -> Iterator[tuple[Leaf, Group]]:
    """Yield the keys that a cluster honours or adjusts, and whose change keeps the cluster and its data; each with its own group."""
    for leaf in LEAVES:
        others = leaf.path in (*OF_THE_CLUSTER, *LOSING) or leaf.path.startswith(BUILT)
        if leaf.block in (None, CLOUD) and not others and (alone := Group().with_leaf(leaf)):
            yield leaf, alone


@cache
def groups() -> tuple[Group, ...]:
    """Return the keys in as few groups as their values allow."""
    found: list[Group] = []
    for leaf, alone in changed_leaves():
        for index, group in enumerate(found):
            if larger := group.with_leaf(leaf):
                found[index] = larger
                break
        else:
            found.append(alone)
    return tuple(found)
