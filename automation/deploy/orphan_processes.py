"""Processes that outlive the engine that started them: found by their session, ended by their own process id.

The engine gives each plugin a process group of its own, so neither its group nor, once it is gone, its process id
leads to them; the session in which we start it does.
"""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def alive_in(session: int) -> list[int]:
    """Process ids of all that belong to a session."""
    return [pid for pid in _all_pids() if _session_of(pid) == session]


def end_all(pids: Iterable[int]) -> list[int]:
    """Kill those of the processes that still run; gives those that did."""
    ended: list[int] = []
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            ended.append(pid)
    return ended


def _session_of(pid: int) -> int:
    with suppress(OSError):
        return os.getsid(pid)
    return -1


def _all_pids() -> list[int]:
    if PROC.is_dir():
        return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, encoding="utf-8", check=True)  # noqa: S607  # macOS
    return [int(pid) for pid in listed.stdout.split()]
