"""Every key of the spec, changed on objects of a real API server: none that holds data is replaced, and nothing is left at the end.

Keys are changed in groups, each of which is one valid platform before and after: 150 separate platforms would take hours. The
objects are those of `agent-platform render`, applied by kubectl; the engine compares them in tests/engine.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from automation.plan.spec_keys import BASE, LEAVES, Leaf
from automation.render.documents import stream_of
from automation.render.manifests import Manifest, render_stack
from automation.render.secrets import with_placeholders
from automation.stack.document import with_values
from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
from providers.kubernetes.resource_traits import RESOURCE_TRAITS
from tests.kubernetes.control_plane.server import ControlPlane
from tests.planning import plan

pytestmark = pytest.mark.long(reason="needs an API server of Kubernetes and plans a dozen platforms")
NAME, CLOUD = "keys", "kubernetes"
OF_THE_CLUSTER = ("cloud", "kubernetes.context", "kubernetes.cluster_uid")
"""Keys that lead to another cluster."""
LOSING = {change.key for change in RESOURCE_TRAITS.losing}
"""Keys whose change is refused without the permission to lose data."""
BUILT = "services.web.build"
"""Keys of an image that is built before an update."""
HOLDS_DATA = {each.rpartition(":")[2] for each in RESOURCE_TRAITS.holds}
"""Kinds of objects that hold data."""
APPLY = ("apply", "--server-side", "--validate=strict", "--filename=-")
END_SECONDS = 300
KEYS = 140
"""Keys that are changed, at least."""


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
        return group if not overlapping and accepted(group.before) and accepted(group.after) else None


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


def groups() -> list[Group]:
    """Return the keys in as few groups as their values allow."""
    found: list[Group] = []
    for leaf, alone in changed_leaves():
        for index, group in enumerate(found):
            if larger := group.with_leaf(leaf):
                found[index] = larger
                break
        else:
            found.append(alone)
    return found


def manifests(raw: Raw) -> list[Manifest]:
    """Return the manifests of a platform, the namespace first, with empty values in place of secrets."""
    rendered = with_placeholders(render_stack(plan(raw, stack=NAME)).manifests)
    return sorted(rendered, key=lambda each: each.kind != "Namespace")


def apply(plane: ControlPlane, declared: list[Manifest]) -> None:
    """Apply every object; fails for one that the server refuses."""
    for part in (declared[:1], declared[1:]):
        plane.kubectl(*APPLY, stdin=stream_of(part))


def uids(plane: ControlPlane, declared: list[Manifest]) -> dict[str, str]:
    """Return the UID of each object by kind and name."""
    items = json.loads(plane.kubectl("get", "--filename=-", "--output=json", stdin=stream_of(declared)))["items"]
    return {f"{each['kind']} {each['metadata']['name']}": str(each["metadata"]["uid"]) for each in items}


def holding(objects: Mapping[str, str]) -> dict[str, str]:
    """Return those that hold data."""
    return {name: uid for name, uid in objects.items() if name.partition(" ")[0] in HOLDS_DATA}


@pytest.fixture
def emptied(plane: ControlPlane) -> Generator[ControlPlane]:
    """Server without the namespace of this test, before and after it."""
    yield plane
    plane.kubectl("delete", "namespace", f"agent-platform-{NAME}", "--ignore-not-found", "--wait=false")


def test_no_key_replaces_an_object_that_holds_data(emptied: ControlPlane) -> None:
    all_groups = groups()
    assert sum(len(group.changes) for group in all_groups) > KEYS
    for group in all_groups:
        before, after = manifests(group.before), manifests(group.after)
        apply(emptied, before)
        held = holding(uids(emptied, before))
        # a field that cannot change is refused by the server
        apply(emptied, after)
        assert held.items() <= holding(uids(emptied, after)).items(), sorted(group.changes)
        _expect_nothing_after_deletion(emptied, before[0].name)


def _expect_nothing_after_deletion(plane: ControlPlane, namespace: str) -> None:
    """Delete the namespace, and expect that no finalizer keeps an object in it."""
    plane.kubectl("delete", "namespace", namespace, f"--timeout={END_SECONDS}s")
    for kind in plane.kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name").split():
        assert plane.kubectl("get", kind, f"--namespace={namespace}", "--output=name") == "", kind
