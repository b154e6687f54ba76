"""Small stack for fault tests, and the contents of its state and its cloud."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from automation.deploy import Deployment
from automation.plan.inventory import Value
from automation.processes import running
from automation.recover import RecoveryResult, RecoveryStep, recover
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import STACK, TIMEOUT_SECONDS, EngineProject
from tests.planning import DROP

SMALL: Mapping[str, object] = {
    "profile": "development",
    "network": {"zones": 2, "egress": "single", "private_endpoints": False, "flow_logs": False},
    "services": {"web": {"app": "fastapi", "image": "ghcr.io/acme/web:1.0"}},
    "monitoring": {"dashboards": False, "alerts": {"permission_changes": True}},
    **dict.fromkeys(("ingress", "database", "cache", "storage", "budget", "deployer"), DROP),
}
"""Less than seventy resources on each cloud, with network, keys, registry, alarms and a service."""
SECONDS_PER_MINUTE = 0.4
"""Test seconds for one minute of the typical creation times, so that creations are running when the engine is killed."""
END_SECONDS = 15.0
"""Longest time for a program to end after its engine."""
RANDOM_PREFIX = "random:"
"""Types without an object in a cloud."""
ResourceCounts = Counter[tuple[str, str]]


@dataclass(frozen=True)
class StackContents:
    """Types and logical names in the state and in the cloud, without components and providers."""

    state: ResourceCounts
    cloud: ResourceCounts


@dataclass(frozen=True)
class FaultStack:
    """Stack of a project, recovered through the API and updated by the engine."""

    project: EngineProject

    def recover(
        self, *, dry_run: bool = False, take_lock: bool = False, steps: list[RecoveryStep] | None = None
    ) -> RecoveryResult:
        """Recover the stack and append the steps to `steps`."""
        deployment = Deployment(STACK, self.project.folder, environment=self.project.environment)
        return recover(
            deployment, dry_run=dry_run, take_lock=take_lock, on_step=steps.append if steps is not None else None
        )

    def kill_after(self, creations: int) -> bool:
        """Update, and kill only the engine after this number of creations; False when the update ended before."""
        process = self.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
        start = time.monotonic()
        while process.poll() is None and len(self.project.cloud.calls("create")) < creations:
            assert time.monotonic() - start < TIMEOUT_SECONDS
            time.sleep(0.02)
        killed = process.poll() is None
        if killed:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return killed

    def update(self) -> bool:
        """Update the stack; False when the update fails."""
        process = self.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
        process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode == 0

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line in a separate process."""
        command = [sys.executable, "-m", "automation", *arguments]
        environment = dict(self.project.environment)
        return subprocess.run(
            command,
            cwd=self.project.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    def remove_from_state(self, token: str) -> str:
        """Remove a resource of a type from the state, as if its creation had not been recorded, and return its name."""
        urn = next(str(resource["urn"]) for resource in self.project.state() if resource["type"] == token)
        self.project.run("state", "delete", urn, "--yes")
        return urn.split("::", 3)[3]

    def delete_state(self) -> None:
        """Delete the backend and create an empty stack of the same name."""
        backend = self.project.folder.parent / "backend"
        shutil.rmtree(backend)
        backend.mkdir()
        self.project.run("stack", "init", STACK, stack=None)

    def duplicate(self, token: str) -> FakeObject:
        """Add a second object of a type with the same tags and another generated name."""
        original = self.project.cloud.objects(token)[0]
        copy = replace(original, id=f"{original.id[:-8]}0{int(original.id[-7:], 16) ^ 1:07x}")
        self.project.cloud.put(copy)
        return copy

    @property
    def inputs(self) -> Mapping[tuple[str, str], Value]:
        """Inputs of every object of the cloud by type and name."""
        return {(item.token, item.name): json.loads(item.inputs) for item in self.project.cloud.objects()}

    @property
    def backend_files(self) -> Mapping[Path, bytes]:
        """Content of every file of the backend."""
        folder = self.project.folder.parent / "backend"
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    @property
    def lost_creations(self) -> list[tuple[str, str]]:
        """Type and logical name of every creation whose response was dropped."""
        return self.project.cloud.calls("lost")

    @property
    def contents(self) -> StackContents:
        """Current contents of state and cloud."""
        state = [
            (str(resource["type"]), str(resource["urn"]).split("::", 3)[3])
            for resource in self.project.state()
            if resource.get("custom")
        ]
        resources = [resource for resource in state if not resource[0].startswith("pulumi:providers:")]
        objects = [
            (item.token, item.name) for item in self.project.cloud.objects() if not item.token.startswith(RANDOM_PREFIX)
        ]
        return StackContents(Counter(resources), Counter(objects))

    @property
    def pending_operations(self) -> int:
        """Number of pending operations in the state."""
        return self.project.run("stack", "export").count('"pending_operations": [')

    @property
    def running_programs(self) -> list[str]:
        """Processes in the folder of the project that have not ended within a few seconds.

        A program that the tests fork has the command line of its parent, by which `recover` does not know it. It ends when
        its engine does.
        """
        deadline = time.monotonic() + END_SECONDS
        while programs := [process.programs for process in running() if Path(process.folder) == self.project.folder]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return [" ".join(names) for names in programs]

    @property
    def state_folder(self) -> Path:
        """Folder of the backend with the state."""
        return self.project.folder.parent / "backend" / ".pulumi" / "stacks" / "agent-platform"
