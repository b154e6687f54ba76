"""Subprocesses with a time limit, and processes of this machine that outlived the engine that started them.

The engine gives each plugin its own process group, so neither the group nor, once the engine is gone, its process id
leads to them. Two facts do: the session in which the engine was started, and the program's name together with its
working folder. A process below a running engine is never reported, whatever its folder.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import psutil

ENGINE = "pulumi"
STARTED_BY_ENGINES = ("pulumi-language-", "pulumi-resource-", "pulumi-analyzer-")
ATTRIBUTES = ("pid", "ppid", "name", "cmdline", "cwd", "create_time", "status")
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """Process of this machine; fields that this user may not read are empty."""

    pid: int
    parent: int
    name: str
    arguments: tuple[str, ...] = ()
    folder: str = ""
    started: float = 0.0

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the executable and of its first arguments without options: an interpreter and its script."""
        words = [argument for argument in self.arguments if not argument.startswith("-")]
        return (self.name, *(Path(word).name for word in words[:2]))

    @property
    def program(self) -> str:
        """Name of the language host, plugin or program that an engine started; empty for any other process."""
        return next((name for name in self.programs if name.startswith(STARTED_BY_ENGINES)), "")

    @property
    def is_engine(self) -> bool:
        """True for the engine itself."""
        return ENGINE in self.programs


def running() -> tuple[Process, ...]:
    """Return every process that this user may see, without those that have ended and whose parent has not asked for it."""
    found = (process.info for process in psutil.process_iter(ATTRIBUTES))
    return tuple(_process(info) for info in found if info["status"] != psutil.STATUS_ZOMBIE)


def is_running(pid: int) -> bool:
    """True when a process has this id and has not ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_engine(pid: int) -> bool:
    """True when the process with this id is an engine; ids are reused."""
    return any(process.pid == pid and process.is_engine for process in running())


def orphans(processes: Iterable[Process], in_scope: Callable[[Path], bool]) -> tuple[Process, ...]:
    """Return processes that an engine started in a folder that `in_scope` accepts and that no longer have an engine."""
    by_pid = {process.pid: process for process in processes}
    return tuple(
        process
        for process in by_pid.values()
        if process.program and process.folder and in_scope(Path(process.folder)) and not _has_engine(process, by_pid)
    )


def end(process: Process) -> bool:
    """Kill a process and wait for it; False when its id has been reused or this user may not kill it."""
    try:
        current = psutil.Process(process.pid)
        if current.create_time() != process.started:
            return False
        current.kill()
        current.wait(GRACE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, psutil.TimeoutExpired):
        return False
    return True


def session_pids(session: int) -> tuple[int, ...]:
    """Return the ids of the processes in a session."""
    return tuple(pid for pid in psutil.pids() if _session_of(pid) == session)


def end_session(session: int) -> None:
    """Kill every process in a session that this user may kill."""
    for pid in session_pids(session):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            psutil.Process(pid).kill()


def _process(info: Mapping[str, Any]) -> Process:
    """Return the process of psutil's attributes, which are None where this user may not read them."""
    return Process(
        pid=info["pid"],
        parent=info["ppid"] or 0,
        name=info["name"] or "",
        arguments=tuple(info["cmdline"] or ()),
        folder=info["cwd"] or "",
        started=info["create_time"] or 0.0,
    )


def _has_engine(process: Process, by_pid: Mapping[int, Process]) -> bool:
    visited: set[int] = set()
    ancestor = by_pid.get(process.parent)
    while ancestor is not None and ancestor.pid not in visited:
        if ancestor.is_engine:
            return True
        visited.add(ancestor.pid)
        ancestor = by_pid.get(ancestor.parent)
    return False


def _session_of(pid: int) -> int:
    """Return the session of a process; -1 when it has ended or this user may not see it."""
    with suppress(OSError):
        return os.getsid(pid)
    return -1


SignalHandler = Callable[[int, FrameType | None], object]
ROOT = Path(__file__).parents[__name__.count(".")]
"""Folder from which this program is imported, put on the PYTHONPATH of a module that runs in a separate process."""


@contextmanager
def signals_handled(handler: SignalHandler, numbers: Iterable[signal.Signals]) -> Generator[None]:
    """Handle signals in this context.

    Python delivers signals to the main thread only; callers in other threads handle them themselves.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


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
