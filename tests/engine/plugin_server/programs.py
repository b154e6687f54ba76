"""Forks of a process that has imported the SDKs: `python -m tests.engine.plugin_server.programs <socket>`.

This process imports every installed module that an earlier program has imported, then forks. Modules of this checkout are not
imported before the fork, so a program runs its own code. It is single-threaded and uses no gRPC, because neither survives a fork.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from tests.engine.language_host import program
from tests.engine.plugin_server.client import send

INSTALLED = sysconfig.get_paths()["purelib"]
MAX_REQUEST_BYTES = 1 << 20
REQUEST_SECONDS = 60.0
"""Longest time for a request to be sent and received."""
MODULES, EXIT = "modules", "exit"
LAZY_MODULE = "_LazyModule"
"""Class of a module that loads at the first access to an attribute, in importlib.util and pulumi._utils."""


class ForkedProgram:
    """Program that this module has forked, with the methods of a process that a language host uses.

    It ends when its connection does, so also when the plugin server is killed.
    """

    modules: list[str] = []
    """Installed modules that the programs so far have imported."""

    def __init__(self, path: Path, request: Mapping[str, object], descriptors: list[int]) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(REQUEST_SECONDS)
        self.connection.connect(str(path))
        send(self.connection, {**request, MODULES: self.modules}, descriptors)
        self.connection.settimeout(None)
        self.pid = 0
        self.exit_code: int | None = None

    def wait(self) -> int:
        """Wait for the end of the program and return its exit code."""
        with self.connection, self.connection.makefile() as lines:
            for line in lines:
                message: dict[str, Any] = json.loads(line)
                self.pid = message.get("pid", self.pid)
                if MODULES in message:
                    known = set(self.modules)
                    self.modules.extend(name for name in message[MODULES] if name not in known)
                if EXIT in message:
                    # programs that began in the meantime may have copies of the connection, which would keep it open
                    self.exit_code = message[EXIT]
                    break
        return 1 if self.exit_code is None else self.exit_code

    def poll(self) -> int | None:
        """Return the exit code, or None while the program runs."""
        return self.exit_code

    def send_signal(self, number: int) -> None:
        """Send a signal to the program, which may have ended."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the program, which may have ended, or not have begun."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)


class Programs:
    """Running programs by process ID, each with the connection that waits for its end."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.running: dict[int, socket.socket] = {}
        self.imported = set(sys.modules)
        self.ending: set[socket.socket] = set()
        """Connections of running programs that have been killed."""

    def serve(self) -> None:
        """Start programs until the parent ends."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, _woken)
        parent = os.getppid()
        while os.getppid() == parent:
            watched = [connection for connection in self.running.values() if connection not in self.ending]
            ready, _, _ = select.select([self.listener, wake_read, *watched], [], [], 1.0)
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._report_ended()
            for pid, connection in self.running.items():
                if connection in ready:  # its language host sends nothing more, so this is the end
                    self.ending.add(connection)
                    os.kill(pid, signal.SIGKILL)
            if self.listener in ready:
                self._accept()
        for pid in self.running:
            os.kill(pid, signal.SIGKILL)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        connection.settimeout(REQUEST_SECONDS)
        try:
            self._start(connection)
        except (EOFError, OSError):  # the language host has ended, or no process can be created
            traceback.print_exc()
            connection.close()

    def _start(self, connection: socket.socket) -> None:
        request, descriptors = receive(connection)
        try:
            self._import(request[MODULES])
            gc.freeze()
            pid = os.fork()
            if pid == 0:
                run(request, descriptors, connection, (self.listener, *self.running.values()))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self.running[pid] = connection
        with suppress(OSError):  # the plugin server has ended
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")

    def _import(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.imported:
                self.imported.add(name)
                with suppress(Exception):
                    # the attribute loads a lazy package of an SDK before its modules, whose import would load it half;
                    # `dir` and attributes such as `__file__` do not (pulumi._utils._LazyModule)
                    getattr(import_module(name), "__all__", None)

    def _report_ended(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self.running.pop(pid) as connection, suppress(OSError):
                self.ending.discard(connection)
                connection.sendall(json.dumps({EXIT: os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _woken(_number: int, _frame: FrameType | None) -> None:
    """Let the signal write to the wake-up descriptor."""


def receive(connection: socket.socket) -> tuple[Mapping[str, Any], list[int]]:
    """Return a request, one line of JSON, and the file descriptors that came with it."""
    data, descriptors, _, _ = socket.recv_fds(connection, MAX_REQUEST_BYTES, 2)
    try:
        while not data.endswith(b"\n"):
            more = connection.recv(MAX_REQUEST_BYTES)
            if not more:
                raise EOFError
            data += more
    except (EOFError, OSError):
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return json.loads(data), descriptors


def run(
    request: Mapping[str, Any], descriptors: list[int], connection: socket.socket, others: Sequence[socket.socket]
) -> None:
    """Run a program in this process with the environment, folder and output of the request, and end.

    `others` are sockets of the parent, which a copy in a program would keep open.
    """
    exit_code = 1
    try:
        for other in others:
            other.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for target, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, target)
        # a program that ends frees its memory: collections of a growing heap are about half of its CPU time
        gc.disable()
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"] or ".")
        sys.path[0] = str(Path(program.__file__).parent)
        sys.argv = [program.__file__, *request["arguments"]]
        exit_code = program.run_command_line(request["arguments"])
    except SystemExit as end:
        exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
            connection.sendall(json.dumps({MODULES: installed_modules()}).encode() + b"\n")
        os._exit(exit_code)


def installed_modules() -> list[str]:
    """Return the modules that this process has imported from installed packages, in the order of their import.

    The SDKs put modules into `sys.modules` that load at the first access to an attribute; one that is not loaded is left out.
    """
    # packages of `providers/sdk_modules.py` have another class, and must also be loaded before their modules
    modules = list(sys.modules.items())
    loaded = {name: getattr(module, "__dict__", {}) for name, module in modules if type(module).__name__ != LAZY_MODULE}
    return [name for name, values in loaded.items() if str(values.get("__file__") or "").startswith(INSTALLED)]


if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(sys.argv[1])
        server.listen()
        print("ready", flush=True)
        Programs(server).serve()
