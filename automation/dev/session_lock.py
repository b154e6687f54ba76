"""Lock of a stack's `dev` session, which the kernel releases when its process ends, and the services that a session left."""

import fcntl
import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from providers.contract.diagnostics import listed
from providers.docker.cli import STATE_FOLDER
from providers.docker.naming import DEV_LABEL
from providers.docker.ownership import listing, owner_of_state

if TYPE_CHECKING:
    from automation.deploy.errors import DeploymentFailed


@contextmanager
def session_lock(folder: Path, stack: str) -> Generator[None]:
    """Hold the lock of a stack in this context; raises DeploymentFailed when another session has it."""
    path = _path(folder, stack)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(stack, path) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def refuse_session(folder: Path, stack: str) -> None:
    """Raise DeploymentFailed when a `dev` session of the stack is running, whose services an update would replace."""
    path = _path(folder, stack)
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(stack, path) from None


def dev_replicas(stack: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the containers of a stack that run from a source folder; empty when Docker does not answer."""
    try:
        listed_containers = subprocess.run(  # noqa: S603  # no user input
            listing(stack, "--filter", f"label={DEV_LABEL}"),
            env=dict(environment), capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return ()
    return tuple(owner_of_state(stack, environment).lines(listed_containers.stdout))


def session_note(stack: str, environment: Mapping[str, str]) -> str:
    """Return the sentence about services of a stack that still run from their source; empty when there are none."""
    left = dev_replicas(stack, environment)
    names = listed(sorted(left), "and")
    return f"{stack}: from their source after `agent-platform dev`, until the next `up`: {names}" if left else ""


def _held(stack: str, path: Path) -> "DeploymentFailed":
    from automation.deploy.errors import DeploymentFailed, Failure

    problem = f"a dev session is running (process {path.read_text(encoding='utf-8') or 'unknown'})"
    return DeploymentFailed(Failure.LOCKED, problem, "end it with Ctrl-C, then run the same command again", stack=stack)


def _path(folder: Path, stack: str) -> Path:
    return folder / STATE_FOLDER / "dev" / f"{stack}.lock"
