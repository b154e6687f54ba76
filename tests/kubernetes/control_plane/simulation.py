"""Stand-in for what a control plane does not have: kubelets, storage, load balancers, and the operators of custom resources.

A thread reads the objects of the server and writes the status that their owner would write when all goes well: a pod that the
scheduler has given to a node runs and is ready, the pod of a Job ends with success, a claim has a volume, a Service its address, a
custom resource the conditions that an update waits for. Nothing runs, and no operator creates objects of its own.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count, product
from threading import Event, Thread

from providers.contract.json_data import Raw, mappings
from providers.kubernetes.preflight.kubectl import fields, text
from tests.kubernetes.control_plane.client import MERGE, ApiClient

POLL_SECONDS = 0.3
HEARTBEAT_STEPS = 30
"""Steps after which a node reports again; without reports, the controllers end its pods after a minute."""
ZONES = ("a", "b", "c")
ARCHITECTURES = ("amd64", "arm64")
ZONE_LABEL = "topology.kubernetes.io/zone"
CAPACITY: Mapping[str, str] = {"cpu": "64", "memory": "256Gi", "pods": "500", "ephemeral-storage": "500Gi"}
PROVISIONER = "simulated.example.com"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Annotation by which the scheduler asks for the volume of a claim, when the first pod of it has a node."""
BALANCER = "203.0.113.10"
SUCCEEDED = "Job"
"""Kind of the owner of pods that end."""
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "cert-manager.io/v1/certificates": ("Ready",),
    "cert-manager.io/v1/clusterissuers": ("Ready",),
    "gateway.networking.k8s.io/v1/gatewayclasses": ("Accepted",),
    "gateway.networking.k8s.io/v1/gateways": ("Accepted", "Programmed"),
    "keda.sh/v1alpha1/scaledobjects": ("Ready", "Active"),
    "postgresql.cnpg.io/v1/clusters": ("Ready",),
}
"""Conditions of custom resources that are true at their end, by the path of their API."""


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(*names: str, generation: object = None) -> list[Raw]:
    """Return conditions that are true."""
    observed = {} if generation is None else {"observedGeneration": generation}
    return [
        {"type": name, "status": "True", "reason": "Simulated", "message": "", "lastTransitionTime": now(), **observed}
        for name in names
    ]


def path_of(item: Raw, plural: str) -> str:
    """Return the path of an object; `plural` is the path of its API and its kind, such as `apps/v1/deployments`."""
    api, _, kind = plural.rpartition("/")
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    namespace = text(item, "metadata", "namespace")
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{place}/{kind}/{text(item, 'metadata', 'name')}"


class Simulation(Thread):
    """Thread that writes the status of objects until `end` is called, which raises the error that ended it."""

    def __init__(self, api: ApiClient) -> None:
        super().__init__(name="simulation", daemon=True)
        self.api = api
        self.error: Exception | None = None
        self._ended = Event()
        self._numbers = count(1)
        self._steps: tuple[Callable[[], None], ...] = (
            self._run_pods, self._provide_volumes, self._delete_volumes, self._balance, self._complete_resources,
        )  # fmt: skip

    def run(self) -> None:
        """Write the status of every object again and again."""
        try:
            for step in count():
                if step % HEARTBEAT_STEPS == 0:
                    self._report_nodes()
                for each in self._steps:
                    each()
                if self._ended.wait(POLL_SECONDS):
                    return
        except Exception as error:  # of the server or of this class; the test that ends the thread reports it
            self.error = error

    def end(self) -> None:
        """End the thread."""
        self._ended.set()
        self.join()
        self.api.close()
        if self.error is not None:
            raise self.error

    def _report_nodes(self) -> None:
        for zone, architecture in product(ZONES, ARCHITECTURES):
            name = f"node-{zone}-{architecture}"
            labels = {
                ZONE_LABEL: zone,
                "kubernetes.io/arch": architecture,
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            }
            if not self.api.get(f"/api/v1/nodes/{name}"):
                node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
                self.api.create("/api/v1/nodes", node)
            ready = [{**each, "lastHeartbeatTime": now()} for each in conditions("Ready")]
            status = {"capacity": CAPACITY, "allocatable": CAPACITY, "conditions": ready}
            self.api.patch(f"/api/v1/nodes/{name}/status", {"status": status})

    def _run_pods(self) -> None:
        for pod in self.api.items("/api/v1/pods"):
            path, phase = path_of(pod, "v1/pods"), text(pod, "status", "phase")
            if text(pod, "metadata", "deletionTimestamp"):
                self.api.delete(path, seconds=0)
            elif text(pod, "spec", "nodeName") and phase == "Pending":
                self.api.patch(f"{path}/status", {"status": self._pod_status(pod)})

    def _pod_status(self, pod: Raw) -> Raw:
        spec, number = fields(pod.get("spec")), next(self._numbers)
        owners = mappings(fields(pod.get("metadata")).get("ownerReferences"))
        ends = any(owner.get("kind") == SUCCEEDED for owner in owners)
        address = f"10.{64 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"
        return {
            "phase": "Succeeded" if ends else "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": now(),
            "conditions": conditions("Initialized", *(() if ends else ("ContainersReady", "Ready"))),
            "containerStatuses": [container_status(each, ends=ends) for each in mappings(spec.get("containers"))],
            "initContainerStatuses": [
                container_status(each, ends=ends or each.get("restartPolicy") != "Always")
                for each in mappings(spec.get("initContainers"))
            ],
        }

    def _provide_volumes(self) -> None:
        for claim in self.api.items("/api/v1/persistentvolumeclaims"):
            spec, metadata = fields(claim.get("spec")), fields(claim.get("metadata"))
            selected = SELECTED_NODE in fields(metadata.get("annotations"))
            if selected and not spec.get("volumeName"):
                self.api.create("/api/v1/persistentvolumes", volume_for(claim))

    def _delete_volumes(self) -> None:
        for volume in self.api.items("/api/v1/persistentvolumes"):
            if text(volume, "status", "phase") == "Released":
                self.api.delete(path_of(volume, "v1/persistentvolumes"))

    def _balance(self) -> None:
        for service in self.api.items("/api/v1/services"):
            balanced = fields(fields(service.get("status")).get("loadBalancer"))
            if text(service, "spec", "type") == "LoadBalancer" and not balanced:
                status = {"loadBalancer": {"ingress": [{"ip": BALANCER}]}}
                self.api.patch(f"{path_of(service, 'v1/services')}/status", {"status": status})

    def _complete_resources(self) -> None:
        for plural, names in CONDITIONS.items():
            for item in self.api.items(f"/apis/{plural}"):
                generation = fields(item.get("metadata")).get("generation")
                written = mappings(fields(item.get("status")).get("conditions"))
                if not written or any(each.get("observedGeneration") != generation for each in written):
                    status: Raw = {"conditions": conditions(*names, generation=generation)}
                    if plural.endswith("/gateways"):
                        status["addresses"] = [{"type": "IPAddress", "value": BALANCER}]
                    self.api.patch(f"{path_of(item, plural)}/status", {"status": status}, MERGE)


def container_status(container: Raw, *, ends: bool) -> Raw:
    """Return the status of a container that runs, or that has ended with success."""
    finished = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": not ends,
        "started": not ends,
        "restartCount": 0,
        "state": finished if ends else {"running": {"startedAt": now()}},
    }


def volume_for(claim: Raw) -> Raw:
    """Return a volume for a claim, which is deleted with it."""
    spec, metadata = fields(claim.get("spec")), fields(claim.get("metadata"))
    reference = {key: metadata[key] for key in ("name", "namespace", "uid")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{metadata['uid']}",
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": fields(fields(spec.get("resources")).get("requests")),
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **reference},
            "hostPath": {"path": "/simulated"},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec.get("storageClassName"),
        },
    }


@contextmanager
def simulated(api: ApiClient) -> Generator[Simulation]:
    """Run a simulation during the block; fails with its error."""
    simulation = Simulation(api)
    simulation.start()
    try:
        yield simulation
    finally:
        simulation.end()
