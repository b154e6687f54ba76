"""Commands with an end: what one printed, or that its time was over. Nothing that it started stays behind."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 5.0
"""For reading what a killed command left in its pipes."""


@dataclass(frozen=True)
class Ran:
    """How a command ended; `code` is None when its time was over or it could not be started."""

    code: int | None
    out: str
    err: str


def run_limited(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float, given: str = ""
) -> Ran:
    """Run a command for at most `seconds`, with `given` on its standard input; then it and its children are killed."""
    try:
        # Callers name programs that they found themselves; there is no shell.
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=dict(environment), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        return Ran(None, "", error.strerror or "")
    try:
        out, err = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired:
        out, err = _end(process)
        return Ran(None, out, err)
    except BaseException:
        _end(process)
        raise
    return Ran(process.returncode, out, err)


def _end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Kill the whole group: a CLI alone would leave its plugins running."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        return process.communicate(timeout=GRACE_SECONDS)
    return "", ""
