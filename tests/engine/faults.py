"""A small stack that something happens to, and what an undisturbed one has in its state and in its cloud."""

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
from automation.recover import Recovered, RecoveryStep, recover
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import STACK, TIMEOUT_SECONDS, EngineProject
from tests.planning import DROP

SMALL: Mapping[str, object] = {
    "profile": "development",
    "network": {"zones": 2, "egress": "single", "private_endpoints": False, "flow_logs": False},
    "services": {"web": {"app": "fastapi", "image": "ghcr.io/acme/web:1.0"}},
    "monitoring": {"dashboards": False},
    **dict.fromkeys(("ingress", "database", "cache", "storage", "budget", "deployer"), DROP),
}
"""Less than seventy resources on each cloud, with network, keys, registry, alarms and a service."""
SECONDS_PER_MINUTE = 0.4
"""Seconds for a typical minute of the clouds, so that creations are under way when the engine is killed."""
RANDOM_PREFIX = "random:"
"""What no cloud has."""
ResourceCounts = Counter[tuple[str, str]]


@dataclass(frozen=True)
class StackContents:
    """Types and logical names of what the state has and of what the cloud has; components and providers left out."""

    state: ResourceCounts
    cloud: ResourceCounts


@dataclass(frozen=True)
class FaultStack:
    """The stack on a bench, recovered through the API and updated by the engine."""

    project: EngineProject

    def recover(
        self, *, dry_run: bool = False, take_lock: bool = False, steps: list[RecoveryStep] | None = None
    ) -> Recovered:
        """Recover, with the steps as they come."""
        deployment = Deployment(STACK, self.project.folder, environment=self.project.environment)
        return recover(
            deployment, dry_run=dry_run, take_lock=take_lock, on_step=steps.append if steps is not None else None
        )

    def kill_after(self, creations: int) -> bool:
        """Update, and kill the engine alone when so many creations have begun in all; False when it had ended by then."""
        process = self.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
        begun = time.monotonic()
        while process.poll() is None and len(self.project.cloud.calls("create")) < creations:
            assert time.monotonic() - begun < TIMEOUT_SECONDS
            time.sleep(0.02)
        killed = process.poll() is None
        if killed:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return killed

    def update(self) -> bool:
        """Update; False when it fails."""
        process = self.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
        process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode == 0

    def wait_for_creation(self, token: str) -> None:
        """Wait until the creation of such an object has begun."""
        begun = time.monotonic()
        while token not in [kind for kind, _ in self.project.cloud.calls("create")]:
            assert time.monotonic() - begun < TIMEOUT_SECONDS
            time.sleep(0.05)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line, as a process of its own."""
        command = [sys.executable, "-m", "automation", *arguments]
        environment = dict(self.project.environment)
        return subprocess.run(
            command, cwd=self.project.folder, env=environment, capture_output=True, text=True, check=False
        )

    def remove_from_state(self, token: str) -> str:
        """Take a resource of a type out of the state, as if its creation had never been told; gives its name."""
        urn = next(str(one["urn"]) for one in self.project.state() if one["type"] == token)
        self.project.run("state", "delete", urn, "--yes")
        return urn.split("::", 3)[3]

    def delete_state(self) -> None:
        """Take the whole backend away, and make an empty stack of the same name."""
        backend = self.project.folder.parent / "backend"
        shutil.rmtree(backend)
        backend.mkdir()
        self.project.run("stack", "init", STACK, stack=None)

    def duplicate(self, token: str) -> FakeObject:
        """A second object beside one of a type, with its tags and another name of the same making."""
        one = self.project.cloud.objects(token)[0]
        made = replace(one, id=f"{one.id[:-8]}0{int(one.id[-7:], 16) ^ 1:07x}")
        self.project.cloud.put(made)
        return made

    @property
    def inputs(self) -> Mapping[tuple[str, str], Value]:
        """Inputs of every object of the cloud by type and name."""
        return {(one.token, one.name): json.loads(one.inputs) for one in self.project.cloud.objects()}

    @property
    def backend_files(self) -> Mapping[Path, bytes]:
        """Every file of the backend."""
        folder = self.project.folder.parent / "backend"
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    @property
    def lost_creations(self) -> list[tuple[str, str]]:
        """Type and logical name of every creation that a planned fault has met."""
        return self.project.cloud.calls("lost")

    @property
    def contents(self) -> StackContents:
        """What stands now."""
        state = [
            (str(one["type"]), str(one["urn"]).split("::", 3)[3]) for one in self.project.state() if one.get("custom")
        ]
        made = [one for one in state if not one[0].startswith("pulumi:providers:")]
        stack_copy = [
            (one.token, one.name) for one in self.project.cloud.objects() if not one.token.startswith(RANDOM_PREFIX)
        ]
        return StackContents(Counter(made), Counter(stack_copy))

    @property
    def pending_operations(self) -> int:
        """How many operations the state has pending."""
        return self.project.run("stack", "export").count('"pending_operations": [')

    @property
    def running_programs(self) -> list[str]:
        """Programs that work in the project's folder."""
        return [process.program for process in running() if Path(process.folder) == self.project.folder]

    @property
    def state_folder(self) -> Path:
        """The folder of the backend with the state."""
        return self.project.folder.parent / "backend" / ".pulumi" / "stacks" / "agent-platform"
