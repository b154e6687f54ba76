"""Stack of the real engine and the real provider on a cluster: its project, and its objects as the server has them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from automation.deploy import Deployment
from automation.stack.document import with_values
from providers.contract.json_data import Raw
from providers.kubernetes.import_ids import GENERATED, NAMED, PREFIX, collection_path
from providers.kubernetes.preflight.kubectl import Fields, fields, text
from providers.kubernetes.resource_traits import NAMESPACE, RESOURCE_TRAITS
from tests.engine.project import STACK, TIMEOUT_SECONDS, EngineProject, error_lines
from tests.kubernetes.control_plane.cluster import uid_of
from tests.kubernetes.control_plane.server import CONTEXT, ControlPlane

SIMULATED = ("random", "tls")
"""Packages of the stack whose providers create nothing outside the state; those of the tests take their place."""
COUNTS = re.compile(r"(\d+) (created|updated|unchanged|replaced|deleted)")
DELETE_SECONDS = 120
ObjectKey = tuple[str, str]
"""Type token and ID: objects of several kinds share one logical name."""


@dataclass(frozen=True)
class ClusterStack:
    """Stack in its own namespace."""

    project: EngineProject
    plane: ControlPlane
    namespace: str
    context: str

    @classmethod
    def create(
        cls, plane: ControlPlane, home: Path, raw: Raw, namespace: str, context: str = CONTEXT
    ) -> "ClusterStack":
        """Create a project with a platform that is not deployed yet, and a value for every listed secret."""
        project = EngineProject.create(home, SIMULATED)
        environment = {**project.environment, "KUBECONFIG": str(plane.kubeconfig)}
        stack = cls(replace(project, environment=environment), plane, namespace, context)
        stack.project.init_with(stack.placed(raw))
        return stack

    def placed(self, raw: Raw) -> Raw:
        """Return a platform on this cluster in the namespace of this stack."""
        place = {"context": self.context, "cluster_uid": uid_of(self.plane), "namespace": self.namespace}
        return with_values(raw, {f"kubernetes.{key}": value for key, value in place.items()})

    def write(self, raw: Raw) -> None:
        """Write another platform, with a value for every secret that it lists and for no other."""
        path = self.project.folder / f"Pulumi.{STACK}.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**document, "config": {}}), encoding="utf-8")
        self.project.write(self.placed(raw))
        self.project.set_missing_secrets()

    @property
    def deployment(self) -> Deployment:
        """Stack through the API."""
        return Deployment(STACK, self.project.folder, environment=self.project.environment)

    def up(self, *arguments: str) -> Mapping[str, int]:
        """Update without the checks of `agent-platform`, and return the resources by what was done with them."""
        return counts(self.project.up(*arguments))

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line in a separate process."""
        return subprocess.run(
            (sys.executable, "-m", "automation", *arguments), cwd=self.project.folder, text=True, check=False,
            env=dict(self.project.environment), capture_output=True, timeout=TIMEOUT_SECONDS,
        )  # fmt: skip

    @property
    def resources(self) -> list[tuple[str, str]]:
        """Type and logical name of every resource in the state."""
        return sorted((str(each["type"]), str(each["urn"]).split("::", 3)[3]) for each in self.project.state())

    @property
    def keys(self) -> list[ObjectKey]:
        """Type and ID of every object in the state."""
        objects = (each for each in self.project.state() if str(each["type"]).startswith(PREFIX))
        return [(str(each["type"]), str(each.get("id", ""))) for each in objects]

    @property
    def uids(self) -> Mapping[ObjectKey, str]:
        """UID that the server has for each object in the state; empty for one that does not exist."""
        client = self.plane.client()
        return {key: text(fields(client.get(object_path(*key))), "metadata", "uid") for key in self.keys}

    @property
    def holding(self) -> Mapping[ObjectKey, str]:
        """UIDs of the objects that hold data."""
        return {key: uid for key, uid in self.uids.items() if key[0] in RESOURCE_TRAITS.holds}

    def listed(self) -> list[ObjectKey]:
        """Return the objects of the types of a stack that the namespace has, with its labels."""
        client, selector = self.plane.client(), f"app.kubernetes.io/instance={STACK}"
        return [
            (token, f"{self.namespace}/{text(item, 'metadata', 'name')}")
            for token in (*NAMED, *GENERATED)
            for item in client.items(f"{collection_path(token, self.namespace)}?labelSelector={selector}")
        ]

    def kill_after(self, objects: int) -> bool:
        """Update, and kill only the engine when the namespace has this many objects; False when the update ended before."""
        process = self.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
        start = time.monotonic()
        while process.poll() is None and len(self.listed()) < objects:
            assert time.monotonic() - start < TIMEOUT_SECONDS
        killed = process.poll() is None
        if killed:
            os.kill(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
        assert killed or process.returncode == 0, error_lines(errors)
        return killed

    def lose_state(self) -> None:
        """Delete the backend and create an empty stack of the same name."""
        backend = self.project.folder.parent / "backend"
        shutil.rmtree(backend)
        backend.mkdir()
        self.project.run("stack", "init", STACK, stack=None)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Return the output of kubectl of an administrator in the namespace."""
        return self.plane.kubectl(f"--namespace={self.namespace}", *arguments, stdin=stdin)

    def read(self, kind: str, name: str) -> Fields:
        """Return an object of the namespace."""
        return fields(json.loads(self.kubectl("get", kind, name, "--output=json")))

    def remove(self) -> None:
        """Delete the namespace, if it exists."""
        self.plane.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", f"--timeout={DELETE_SECONDS}s")


def object_path(token: str, identity: str) -> str:
    """Return the path of an object in the API."""
    namespace, _, name = identity.rpartition("/")
    return f"/api/v1/namespaces/{name}" if token == NAMESPACE else f"{collection_path(token, namespace)}/{name}"


def counts(output: str) -> Mapping[str, int]:
    """Return the numbers in the summary of an update."""
    return {verb: int(number) for number, verb in COUNTS.findall(output)}
