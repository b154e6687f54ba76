"""Cluster for stacks: a control plane with simulated nodes and operators, and what its owner provides to a stack."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from providers.contract.json_data import Raw
from providers.kubernetes.preflight.kubectl import fields
from tests.kubernetes.control_plane.server import (
    SCHEDULER,
    ControlPlane,
    control_plane,
    missing_programs,
    start_scheduler,
)
from tests.kubernetes.control_plane.simulation import PROVISIONER, simulated
from tests.kubernetes.platforms import BLOCK
from tests.local.poll import eventually

PLUGIN = "pulumi-resource-kubernetes"
"""Provider of the engine."""
START_SECONDS = 60
NETWORK_PLUGIN = {"app": "cilium"}
OWNED: tuple[Mapping[str, object], ...] = (
    {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": BLOCK["storage_class"],
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "eg"},
        "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
    },
    {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": BLOCK["issuer"]},
        "spec": {"acme": {"server": "https://acme.example.com"}},
    },
    {
        # by its name, preflight recognizes that policies are enforced; it selects no node
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "cilium", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": NETWORK_PLUGIN},
            "template": {
                "metadata": {"labels": NETWORK_PLUGIN},
                "spec": {
                    "nodeSelector": {"runs": "nowhere"},
                    "containers": [{"name": "agent", "image": "quay.io/cilium/cilium:v1.18.0"}],
                },
            },
        },
    },
)
"""Objects of the owner of the cluster."""


def missing_cluster() -> str:
    """Programs of a cluster and of its provider that are not on PATH; empty when all are."""
    return missing_programs(SCHEDULER, PLUGIN)


def uid_of(plane: ControlPlane) -> str:
    """Return the UID of the cluster."""
    metadata = fields(plane.client().get("/api/v1/namespaces/kube-system").get("metadata"))
    return str(metadata["uid"])


@contextmanager
def running_cluster(home: Path) -> Generator[ControlPlane]:
    """Start a cluster in a folder; it ends after the block."""
    with control_plane(home) as plane:
        start_scheduler(plane)
        listed: Raw = {"apiVersion": "v1", "kind": "List", "items": list(OWNED)}
        plane.kubectl("create", "--validate=false", "-f", "-", stdin=json.dumps(listed))
        with simulated(plane.client()):
            eventually(lambda: bool(plane.client().items("/api/v1/nodes")), START_SECONDS)
            yield plane
