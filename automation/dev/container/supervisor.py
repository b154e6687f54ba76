"""Process 1 of a service in a `dev` session: runs the service's command, and runs it again on SIGHUP.

    python3 -I -S supervisor.py [--port N] [--debug N] [--spare] -- COMMAND...

A command that ends by itself, such as one whose code fails at import, is run again at the next SIGHUP: a container that
restarted in the meantime would lose time and fill the log. With `--spare`, another process of a Python command has imported
the installed modules before the next edit, and becomes the service or makes a copy of itself that does. Runs with the Python of the service's image, which may be 3.8, and with the
standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import Union

STOP_SECONDS = 1.0
"""Time for the command to end after SIGTERM."""
POLL_SECONDS = 0.02
SPARE_SECONDS, SPARE_SECONDS_WITHOUT_PORT = 1.0, 5.0
"""Time from the listening service, or from the start of one without a port, to the spare process."""
START, IMPORT = b"s", b"i"
"""Requests to the spare process: a process for the service, and the modules that were recorded since."""
ANSWER_SECONDS = 60.0
"""Time for the spare process to complete its imports after a request; a new one would begin them."""
ADOPT = 36
"""PR_SET_CHILD_SUBREAPER, prctl(2)."""
SHELLS, SEVERAL_COMMANDS = ("sh", "bash", "dash", "ash"), frozenset(";&|<>()`\n")
"""Names of shells, and characters of more than one command, a redirection or a substitution."""
LISTENING = "0A"
"""State of a listening socket, proc_pid_net(5)."""
ENDING = {signal.SIGTERM, signal.SIGINT}
SIGNALS = {signal.SIGHUP, signal.SIGCHLD, *ENDING}
FOLDER = os.path.dirname(os.path.abspath(__file__))
START_FOLDER, DEBUG_FOLDER = os.path.join(FOLDER, "start"), os.path.join(FOLDER, "debug")
MEMORY = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.stat", "anon"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.stat", "rss"),
)
"""Files of the memory limit and of the used memory, and its field: control groups of version 2 and 1."""


def main() -> int:
    """Run the command until SIGTERM or SIGINT."""
    options = _options()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    starter = Starter(options)
    received: int = signal.SIGHUP
    while received == signal.SIGHUP:
        started = time.monotonic()
        child = starter.start()
        received = _wait(child, options.port, started, starter)
        _stop(child, starter)
    return 0


class SpareCopy:
    """Process that the spare one made, which this process has adopted; like `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for the end, and return the exit code."""
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:
                pid, status = self.pid, 0
            if pid:
                self.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return self.returncode


class Starter:
    """Starts the command, where possible from the spare process that has imported the installed modules."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.spare: subprocess.Popen[bytes] | None = None
        self.record: int | None = None
        self.go: socket.socket | None = None
        self.failures = 0
        if options.spare and _is_python(_program(options.command)) and hasattr(os, "memfd_create"):
            self.record = os.memfd_create("imports")

    def start(self) -> Child | None:
        """Start the command; None when that is impossible."""
        if self.failures > 1:
            self.discard()  # the second time, the cause may be what was imported before
        return self._from_spare() or self._run()

    def discard(self) -> None:
        """End the spare process."""
        if self.spare is not None:
            _kill_group(self.spare.pid, signal.SIGKILL)
            self.spare.wait()
            self.spare = None
        if self.go is not None:
            self.go.close()
            self.go = None

    def _from_spare(self) -> Child | None:
        """Return the process that the spare one became, or the copy that it made; None without one."""
        spare, pid = self.spare, self._ask()
        if spare is None or pid is None:
            self.discard()
            return None
        if pid != spare.pid:
            return SpareCopy(pid)
        self.spare = None
        self.discard()
        return spare

    def _ask(self) -> int | None:
        """Return the ID of the process for the service; None when the spare one does not answer before a signal."""
        if self.go is None:
            return None
        deadline = time.monotonic() + ANSWER_SECONDS
        with contextlib.suppress(OSError, ValueError):
            self.go.sendall(START)
            while time.monotonic() < deadline and not signal.sigpending() & ENDING:
                if select.select([self.go], [], [], 0.1)[0]:
                    return int(self.go.recv(16))
        return None

    def prepare(self, child: Child | None) -> None:
        """Let the spare process import what is new, or start one, if the service's imports are recorded and memory is left."""
        if self.go is not None:
            with contextlib.suppress(OSError):
                self.go.sendall(IMPORT)
        elif self._has_recorded(child) and has_memory():
            self.go, other = socket.socketpair()
            with other:
                self.spare = self._run(other.fileno())

    def _has_recorded(self, child: Child | None) -> bool:
        if self.record is None or child is None:
            return False
        return f"\n\t{child.pid}\n".encode() in b"\n" + os.pread(self.record, os.fstat(self.record).st_size, 0)

    def _run(self, go: int | None = None) -> subprocess.Popen[bytes] | None:
        passed = [number for number in (self.record, go) if number is not None]
        try:
            return subprocess.Popen(  # noqa: S603  # the command of the service
                self.options.command,
                env=self._variables(go),
                pass_fds=passed,
                start_new_session=True,
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS),
            )
        except OSError as error:
            _report(f"{self.options.command[0]} cannot be started: {error.strerror}")
            return None

    def _variables(self, go: int | None) -> dict[str, str]:
        """Return the variables of the command, and those that `start/sitecustomize.py` takes."""
        variables, options = dict(os.environ), self.options
        paths = [DEBUG_FOLDER] if options.debug else []
        path = os.pathsep.join(each for each in (*paths, variables.get("PYTHONPATH", "")) if each)
        if options.debug:
            variables["AGENT_PLATFORM_DEBUG_PORT"] = str(options.debug)
        if self.record is not None:
            variables["AGENT_PLATFORM_DEV_RECORD"] = str(self.record)
        if go is not None:
            variables["AGENT_PLATFORM_DEV_GO"] = str(go)
            # a debugger has threads of its own
            if not options.debug and _adopts():
                variables["AGENT_PLATFORM_DEV_COPIES"] = "1"
        if options.debug or self.record is not None:
            variables["AGENT_PLATFORM_DEV_PYTHONPATH"] = path
            variables["PYTHONPATH"] = os.pathsep.join(each for each in (START_FOLDER, path) if each)
        return variables


Child = Union["subprocess.Popen[bytes]", SpareCopy]
"""Process of the service."""


def _adopts() -> bool:
    """Return whether this process becomes the parent of a process whose own has ended, as process 1 does."""
    if os.getpid() == 1:
        return True
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes  # needs a library that a small image may lack

        return ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0) == 0
    return False


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--debug", type=int)
    parser.add_argument("--spare", action="store_true")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _program(command: list[str]) -> str:
    """Return the program that a command runs; of a shell, the one of its only simple command, for which it makes way."""
    if os.path.basename(command[0]) not in SHELLS or len(command) < 3 or command[1] != "-c":
        return command[0]
    words = [] if SEVERAL_COMMANDS.intersection(command[2]) else command[2].split()
    return next((word for word in words if word != "exec"), "")


def _is_python(program: str) -> bool:
    """True when a program is Python or a script of it: anything else may do work before Python starts."""
    path = shutil.which(program)
    if path is None:
        return False
    if os.path.basename(os.path.realpath(path)).startswith("python"):
        return True
    with open(path, "rb") as file:
        first = file.readline(256)
    return first.startswith(b"#!") and b"python" in first


def has_memory() -> bool:
    """True when the container may use twice the memory that its processes use."""
    for limit_path, used_path, name in MEMORY:
        try:
            with open(limit_path, encoding="ascii") as file:
                limit = file.read().strip()
            with open(used_path, encoding="ascii") as file:
                used = dict(line.split() for line in file)[name]
        except (OSError, KeyError, ValueError):
            continue
        return limit == "max" or 2.2 * int(used) < int(limit)
    return True


def _wait(child: Child | None, port: int | None, started: float, starter: Starter) -> int:
    """Return the signal that ends the command; report when it listens and when it has ended, and prepare a spare process."""
    listens, ended = port is None, child is None
    spare_at = started + SPARE_SECONDS_WITHOUT_PORT if listens else None
    while True:
        received = signal.sigtimedwait(SIGNALS, _timeout(spare_at, is_starting=not (listens or ended)))
        if received is not None and received.si_signo != signal.SIGCHLD:
            return received.si_signo
        if child is not None and not ended and child.poll() is not None:
            ended, spare_at = True, None
            starter.failures += 1
            _report(f"ended with exit code {child.returncode}; waiting for the next edit")
        _reap(child, starter.spare)
        if port is not None and not listens and not ended and _is_listening(port):
            listens, spare_at = True, time.monotonic() + SPARE_SECONDS
            _report(f"listens on port {port} after {time.monotonic() - started:.1f} s")
        if spare_at is not None and time.monotonic() >= spare_at:
            spare_at, starter.failures = None, 0
            starter.prepare(child)


def _timeout(spare_at: float | None, *, is_starting: bool) -> float:
    if is_starting:
        return POLL_SECONDS
    return 3600 if spare_at is None else max(POLL_SECONDS, spare_at - time.monotonic())


def _stop(child: Child | None, starter: Starter) -> None:
    """End the command and every process that it left behind, such as the adapter of its debugger, but not the spare one."""
    if child is not None and child.poll() is None:
        _kill_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if child is not None:
        _kill_group(child.pid, signal.SIGKILL)
        child.wait()
    for pid in _children_of(os.getpid()):
        if starter.spare is None or pid != starter.spare.pid:
            _kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _reap(*known: Child | None) -> None:
    """Wait for processes whose parents have ended; process 1 inherits them."""
    own = {each.pid for each in known if each is not None}
    for pid in _children_of(os.getpid()):
        if pid not in own:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _kill_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _children_of(parent: int) -> list[int]:
    """Return the ids of the processes whose parent is `parent`."""
    children: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                    # the second field is the name of the program, which may have spaces and parentheses
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                children.append(int(name))
    return children


def _is_listening(port: int) -> bool:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        if any(row[1].endswith(f":{port:04X}") and row[3] == LISTENING for row in rows):
            return True
    return False


def _report(text: str) -> None:
    print(f"[dev] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
