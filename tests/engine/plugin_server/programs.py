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
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from tests.engine.language_host import program

INSTALLED = sysconfig.get_paths()["purelib"]
MAX_REQUEST_BYTES = 1 << 20
MODULES, EXIT = "modules", "exit"
LAZY_MODULE = "_LazyModule"
"""Class of a module that loads at the first access to an attribute, in importlib.util and pulumi._utils."""


class Programs:
    """Running programs by process ID, each with the connection that waits for its end."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.running: dict[int, socket.socket] = {}
        self.imported = set(sys.modules)

    def serve(self) -> None:
        """Start programs until the parent ends."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write)
        signal.signal(signal.SIGCHLD, _woken)
        parent = os.getppid()
        while os.getppid() == parent:
            ready, _, _ = select.select([self.listener, wake_read], [], [], 1.0)
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._report_ended()
            if self.listener in ready:
                self._start(self.listener.accept()[0])

    def _start(self, connection: socket.socket) -> None:
        request, descriptors = receive(connection)
        for name in request[MODULES]:
            if name not in self.imported:
                self.imported.add(name)
                with suppress(Exception):
                    # the attribute loads a lazy package of an SDK before its modules, whose import would load it half;
                    # `dir` and attributes such as `__file__` do not (pulumi._utils._LazyModule)
                    getattr(import_module(name), "__all__", None)
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            run(request, descriptors, connection)
        for descriptor in descriptors:
            os.close(descriptor)
        self.running[pid] = connection
        with suppress(OSError):  # the plugin server has ended
            connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")

    def _report_ended(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self.running.pop(pid) as connection, suppress(OSError):
                connection.sendall(json.dumps({EXIT: os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _woken(_number: int, _frame: FrameType | None) -> None:
    """Let the signal write to the wake-up descriptor."""


def receive(connection: socket.socket) -> tuple[Mapping[str, Any], list[int]]:
    """Return a request, one line of JSON, and the file descriptors that came with it."""
    data, descriptors, _, _ = socket.recv_fds(connection, MAX_REQUEST_BYTES, 2)
    while not data.endswith(b"\n"):
        more = connection.recv(MAX_REQUEST_BYTES)
        if not more:
            raise EOFError
        data += more
    return json.loads(data), descriptors


def run(request: Mapping[str, Any], descriptors: list[int], connection: socket.socket) -> None:
    """Run a program in this process with the environment, folder and output of the request, and end."""
    exit_code = 1
    try:
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
