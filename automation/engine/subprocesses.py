"""Commands with a time limit; on timeout the command is killed together with every process that it started."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent.parent
"""Folder of the packages, put on the PYTHONPATH of a module that runs in a separate process."""
GRACE_SECONDS = 5.0
"""Time to read the rest of the pipes of a killed command."""


@dataclass(frozen=True)
class CompletedCommand:
    """Exit code and output of a command; `exit_code` is None after a timeout or when it could not be started."""

    exit_code: int | None
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        """Last line of the standard output."""
        return self.stdout.strip().rpartition("\n")[2]


def run_command(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_seconds: float, stdin: str = ""
) -> CompletedCommand:
    """Run a command and kill its process group after `timeout_seconds`."""
    try:
        process = subprocess.Popen(  # noqa: S603  # no shell; the callers resolve the program
            command, cwd=folder, env=dict(environment), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        return CompletedCommand(None, "", error.strerror or "")
    try:
        out, err = process.communicate(stdin, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        out, err = _kill(process)
        return CompletedCommand(None, out, err)
    except BaseException:
        _kill(process)
        raise
    return CompletedCommand(process.returncode, out, err)


def run_module(
    module: str, request: Mapping[str, object], environment: Mapping[str, str], timeout_seconds: float
) -> CompletedCommand:
    """Run a module of this program in an empty folder, with `request` as JSON on its standard input.

    The modules run previews. A separate process is required because the SDK keeps the state of a run in globals, and
    because a provider that hangs can be killed only with its process.
    """
    search_path = os.pathsep.join(path for path in (str(ROOT), environment.get("PYTHONPATH", "")) if path)
    variables = {**environment, "PYTHONPATH": search_path}
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", module]
        return run_command(command, Path(folder), variables, timeout_seconds, json.dumps(request))


def _kill(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Kill the process group, which includes the plugins of the CLI."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        return process.communicate(timeout=GRACE_SECONDS)
    return "", ""
