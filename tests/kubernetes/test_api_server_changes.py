"""Every key of the spec, changed on objects of a real API server: none that holds data is replaced, and nothing is left at the end.

The objects are those of `agent-platform render`, applied by kubectl; `test_engine_changes.py` changes the same keys by the engine.
"""

import json
from collections.abc import Generator, Mapping

import pytest

from automation.render.documents import stream_of
from automation.render.manifests import Manifest, render_stack
from automation.render.secrets import with_placeholders
from providers.contract.spec.defaults import Raw
from providers.kubernetes.resource_traits import RESOURCE_TRAITS
from tests.kubernetes.control_plane.server import ControlPlane
from tests.kubernetes.key_groups import GROUPS, KEYS, NAME, groups
from tests.local.poll import eventually
from tests.planning import plan

pytestmark = pytest.mark.long(reason="needs an API server of Kubernetes and plans a dozen platforms")
HOLDS_DATA = {each.rpartition(":")[2] for each in RESOURCE_TRAITS.holds}
"""Kinds of objects that hold data."""
APPLY = ("apply", "--server-side", "--validate=strict", "--filename=-")
END_SECONDS = 300


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


def phases(plane: ControlPlane, namespace: str) -> list[str]:
    """Return the phase of each volume claim of a namespace."""
    template = "jsonpath={.items[*].status.phase}"
    return plane.kubectl("get", "persistentvolumeclaims", f"--namespace={namespace}", f"--output={template}").split()


def holding(objects: Mapping[str, str]) -> dict[str, str]:
    """Return those that hold data."""
    return {name: uid for name, uid in objects.items() if name.partition(" ")[0] in HOLDS_DATA}


@pytest.fixture
def emptied(cluster: ControlPlane) -> Generator[ControlPlane]:
    """Cluster, with volumes, without the namespace of this test before and after it."""
    yield cluster
    cluster.kubectl("delete", "namespace", f"agent-platform-{NAME}", "--ignore-not-found", "--wait=false")


def test_the_groups_have_nearly_every_key() -> None:
    assert len(groups()) == GROUPS
    assert sum(len(group.changes) for group in groups()) > KEYS


@pytest.mark.parametrize("index", range(GROUPS))
def test_no_key_replaces_an_object_that_holds_data(emptied: ControlPlane, index: int) -> None:
    group = groups()[index]
    before, after = manifests(group.before), manifests(group.after)
    apply(emptied, before)
    # only a bound claim can grow
    eventually(lambda: all(phase == "Bound" for phase in phases(emptied, before[0].name)), END_SECONDS)
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
