"""Deployed small stack, and the command line in a separate process, as a user or a pipeline runs it."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.document import with_values
from tests.engine.conftest import need_engine
from tests.engine.project import TIMEOUT_SECONDS, EngineProject, engine_path

STACK = "trial"
SERVICE = "aws:ecs/service:Service"
DATABASE = "aws:rds/instance:Instance"
SMALL: Mapping[str, object] = {
    "database": {"deletion_protection": True, "high_availability": False},
    "services.web.uses": ["database"],
    "services.web.image": "ghcr.io/acme/web:1.0",
}


@dataclass(frozen=True)
class CompletedRun:
    """Output and exit code of a command."""

    out: str
    err: str
    code: int

    @property
    def sentence(self) -> str:
        """Only line on standard error."""
        (line,) = self.err.splitlines()
        return line


@dataclass(frozen=True)
class Trial:
    """Stack `trial` of a project."""

    project: EngineProject

    def command(self, *arguments: str, **environment: str) -> CompletedRun:
        """Run a command."""
        return self.finish(self.start(*arguments, **environment))

    def start(self, *arguments: str, wrapper: Sequence[str] = (), **environment: str) -> subprocess.Popen[str]:
        """Start a command, through another one that starts it."""
        return subprocess.Popen(
            [*wrapper, sys.executable, "-m", "automation", *arguments],
            cwd=self.project.folder, env={**self.project.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str]) -> CompletedRun:
        """Wait for a command and return its result."""
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        return CompletedRun(out, err, process.returncode)

    def write(self, changes: Mapping[str, object]) -> None:
        """Write the platform with these changes into the stack's file."""
        self.project.write(with_values(BASE, {**SMALL, **changes}), STACK)

    def slow_down(self, command: str, seconds: float) -> Path:
        """Let commands of the engine with these arguments wait before they begin; return a file that marks the first."""
        marker, engine = self.project.folder.parent / "waiting", shutil.which("pulumi", path=engine_path())
        text = (
            f'#!/bin/sh\ncase " $* " in *" {command} "*) touch {marker}; sleep {seconds};; esac\nexec {engine} "$@"\n'
        )
        program = self.project.folder.parent / "shims" / "pulumi"
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        return marker

    def interrupt_when(self, process: subprocess.Popen[str], marker: Path) -> CompletedRun:
        """Interrupt a command when a file exists, and return its result."""
        start = time.monotonic()
        while not marker.exists():
            assert time.monotonic() - start < TIMEOUT_SECONDS, f"no {marker}"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        return self.finish(process)

    def interrupt(self, process: subprocess.Popen[str], verb: str, token: str, times: int = 1) -> CompletedRun:
        """Interrupt a command during a call to a provider that has taken the planned fault, and return its result."""
        self.project.cloud.wait_for_fault(verb, token, TIMEOUT_SECONDS, lambda: process.poll() is not None)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(1)
        return self.finish(process)

    @property
    def backend(self) -> Path:
        """Folder of the backend."""
        return self.project.folder.parent / "backend"

    @property
    def locks(self) -> Path:
        """Folder of the backend with the locks of the stack."""
        folder = (
            self.project.folder.parent / "backend" / ".pulumi" / "locks" / "organization" / "agent-platform" / STACK
        )
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def state_file(self) -> Path:
        """State of the stack in the backend."""
        return self.project.folder.parent / "backend" / ".pulumi" / "stacks" / "agent-platform" / f"{STACK}.json"

    @property
    def stack_file(self) -> Path:
        """Stack file."""
        return self.project.folder / f"Pulumi.{STACK}.yaml"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, CompletedRun]:
    """Small stack and the result of the `up` that created it; tests do not change it."""
    need_engine()
    trial = Trial(EngineProject.create(tmp_path_factory.mktemp("small")))
    trial.write({})
    result = trial.command("up", STACK, "--yes", "--create")
    assert result.code == 0, result.err
    return trial, result


@pytest.fixture
def trial(small: tuple[Trial, CompletedRun], tmp_path: Path) -> Trial:
    """Copy of the deployed small stack that a test may change."""
    return Trial(small[0].project.copy(tmp_path))
