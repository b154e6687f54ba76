"""A small stack that is up, and the command line that works on it as a process of its own, as a person or a pipeline would."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.plan.spec_keys import BASE
from automation.stack.keys import with_values
from tests.engine.conftest import need_engine
from tests.engine.project import TIMEOUT_SECONDS, EngineProject

STACK = "trial"
SERVICE = "aws:ecs/service:Service"
DATABASE = "aws:rds/instance:Instance"
SMALL: Mapping[str, object] = {
    "database": {"deletion_protection": True, "high_availability": False},
    "services.web.uses": ["database"],
    "services.web.image": "web:1.0",
}


@dataclass(frozen=True)
class CommandResult:
    """What a command printed, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def sentence(self) -> str:
        """The one line on standard error; fails when there are more."""
        (line,) = self.err.splitlines()
        return line


@dataclass(frozen=True)
class Trial:
    """The stack `trial` on a bench."""

    project: EngineProject

    def command(self, *arguments: str, **environment: str) -> CommandResult:
        """Run a command to its end."""
        return self.finish(self.start(*arguments, **environment))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """A command on its way."""
        return subprocess.Popen(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.project.folder, env={**self.project.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str]) -> CommandResult:
        """What a command told when it has ended."""
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        return CommandResult(out, err, process.returncode)

    def write(self, changes: Mapping[str, object]) -> None:
        """Write the platform with these changes into the stack's file."""
        self.project.write(with_values(BASE, {**SMALL, **changes}), STACK)

    def interrupt(self, process: subprocess.Popen[str], verb: str, token: str, times: int = 1) -> CommandResult:
        """What a command told that was interrupted, as often as said, while such a call was under way."""
        begun = time.monotonic()
        while (found := [call for call in self.project.cloud.calls(verb) if call[0] == token]) == []:
            assert time.monotonic() - begun < TIMEOUT_SECONDS, f"no {verb} of {token} in {found}"
            time.sleep(0.1)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(1)
        return self.finish(process)

    @property
    def locks(self) -> Path:
        """Where the backend keeps the locks of the stack."""
        folder = (
            self.project.folder.parent / "backend" / ".pulumi" / "locks" / "organization" / "agent-platform" / STACK
        )
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def state_file(self) -> Path:
        """The stack's state in the backend."""
        return self.project.folder.parent / "backend" / ".pulumi" / "stacks" / "agent-platform" / f"{STACK}.json"

    @property
    def stack_file(self) -> Path:
        """The stack's file."""
        return self.project.folder / f"Pulumi.{STACK}.yaml"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, CommandResult]:
    """The small stack, and what `up` told when it made it; tests leave it as it is."""
    need_engine()
    trial = Trial(EngineProject.create(tmp_path_factory.mktemp("small")))
    trial.write({})
    return trial, trial.command("up", STACK, "--yes", "--create")


@pytest.fixture
def trial(small: tuple[Trial, CommandResult], tmp_path: Path) -> Trial:
    """A copy of the small stack that a test may do anything to."""
    return Trial(small[0].project.copy(tmp_path))
