"""Staging with the real engine, the real provider and a real control plane: first update, no change, many changes, destruction."""

import json
from collections import Counter
from collections.abc import Mapping

import pytest

from providers.kubernetes.import_ids import GENERATED
from providers.kubernetes.preflight.kubectl import text
from tests.engine.project import STACK
from tests.kubernetes.cluster_stack import ClusterStack
from tests.kubernetes.conftest import CreateStack
from tests.kubernetes.platforms import staging
from tests.local.poll import eventually
from tests.planning import plan

pytestmark = pytest.mark.long(reason="needs a control plane of Kubernetes and the provider of the engine")
UNPROTECTED: Mapping[str, object] = {"database.deletion_protection": False}
MANY_CHANGES: Mapping[str, object] = {
    "services.gateway.image": "ghcr.io/acme/gateway:2.0",
    "services.gateway.size": {"vcpu": 2, "memory_gib": 4},
    "services.gateway.replicas": {"min": 3, "max": 6},
    "services.gateway.environment.LOG_LEVEL": "info",
    "services.chat.egress": [{"host": "db.example.com", "port": 5432}],
    "tags": {"team": "search"},
    "database.size": {"vcpu": 4, "memory_gib": 16},
    "database.storage_gib": 60,
    "cache.eviction": "noeviction",
    "monitoring.emails": ["second@example.com"],
    "ingress.rate_limit.per_address": 1200,
    "network.zones": 3,
}
"""Changes of everything that has objects, none of which may replace one with data."""
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
DATABASE = "kubernetes:postgresql.cnpg.io/v1:Cluster"


@pytest.fixture(scope="module")
def deployed(create_stack: CreateStack) -> ClusterStack:
    """Staging after its first update."""
    stack = create_stack(staging(UNPROTECTED))
    stack.up()
    return stack


def test_the_first_update_creates_what_is_planned_and_the_second_changes_nothing(deployed: ClusterStack) -> None:
    planned = plan(deployed.placed(staging(UNPROTECTED)), stack=STACK).resources
    expected = [(each.type, each.name) for each in planned if not each.type.startswith("pulumi:pulumi:")]
    assert Counter(deployed.resources) == Counter(expected)
    before = deployed.uids
    assert all(before.values())
    # the server has no object of the stack that the state does not have
    assert set(deployed.listed()) <= set(before)
    assert deployed.up("--expect-no-changes") == {"unchanged": len(expected) + 1}
    assert deployed.uids == before


def test_a_change_of_many_keys_replaces_only_what_has_a_generated_name(deployed: ClusterStack) -> None:
    before, held = deployed.uids, deployed.holding
    deployed.write(staging({**UNPROTECTED, **MANY_CHANGES}))
    changed = deployed.up()
    assert changed["updated"] > len(MANY_CHANGES)
    after = deployed.uids
    assert {key for key in before if after.get(key) != before[key]} <= {key for key in before if key[0] in GENERATED}
    assert held.items() <= after.items()
    assert {token for token, _ in held} >= {CLAIM, DATABASE}
    deployment = deployed.read("deployment", "gateway")
    assert "ghcr.io/acme/gateway:2.0" in json.dumps(deployment)
    assert "updated" not in deployed.up("--expect-no-changes")


def volumes_of(stack: ClusterStack) -> list[str]:
    """Return the names of the volumes of a namespace."""
    volumes = stack.plane.client().items("/api/v1/persistentvolumes")
    return [
        text(each, "metadata", "name")
        for each in volumes
        if text(each, "spec", "claimRef", "namespace") == stack.namespace
    ]


def test_destroy_leaves_nothing(deployed: ClusterStack) -> None:
    assert volumes_of(deployed)
    deployed.project.run("state", "unprotect", "--all", "--yes")
    deployed.project.destroy()
    assert deployed.project.state() == []
    assert deployed.plane.client().get(f"/api/v1/namespaces/{deployed.namespace}") == {}
    eventually(lambda: not volumes_of(deployed))
