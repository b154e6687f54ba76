"""Start of the first Python process of a service in a `dev` session: records its imports, waits as a spare, or is debugged.

The interpreter imports this module at its start. A process writes the installed modules that the service imports into the
record. A spare process, started while the service runs, imports the recorded ones and waits for the next edit, after which
only the service's own modules are imported. Where that loses nothing, a copy of it becomes the service, and it waits for the
edit after that one. Later processes, such as the debugger's own, find no variable.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

FOLDER = os.path.dirname(os.path.abspath(__file__))
STANDARD = os.path.dirname(os.path.abspath(os.__file__))
INSTALLED = ("/site-packages/", "/dist-packages/")
PATCHING = ("gevent.monkey", "eventlet.patcher")
"""Modules that replace others before these are imported."""
RECORD, GO = "AGENT_PLATFORM_DEV_RECORD", "AGENT_PLATFORM_DEV_GO"
COPIES = "AGENT_PLATFORM_DEV_COPIES"
PATH, DEBUG_PORT = "AGENT_PLATFORM_DEV_PYTHONPATH", "AGENT_PLATFORM_DEBUG_PORT"
IMPORT = b"i"
"""Request to import what has been recorded since; any other asks for the service, and its answer is a process ID."""


class ImportRecorder:
    """Finder that writes name and file of each installed module that the service imports; another finder finds it."""

    def __init__(self, record: int) -> None:
        self.record = record

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders return."""
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None) if finder is not self else None
            spec = find(name, path, target) if find else None
            if spec is not None:
                if _is_installed(spec.origin or ""):
                    os.write(self.record, f"{name}\t{spec.origin}\n".encode())
                return spec
        return None


def _is_installed(origin: str) -> bool:
    return origin.startswith(f"{STANDARD}/") or any(part in origin for part in INSTALLED)


def start() -> None:
    """Prepare this process as the variables of the supervisor ask for."""
    variables = dict(os.environ)
    record, go, port = _descriptor(RECORD), _descriptor(GO), os.environ.pop(DEBUG_PORT, "")
    _restore_path()
    if port:
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # frozen modules cause a warning only
    if go is not None and record is not None:
        _wait_as_spare(record, go, variables)
    is_foreign = _import_next()
    if record is not None:
        if not is_foreign:
            os.write(record, f"\t{os.getpid()}\n".encode())
        sys.meta_path.insert(0, ImportRecorder(record))
    if port:
        _listen(int(port))


def _descriptor(variable: str) -> int | None:
    text = os.environ.pop(variable, "")
    if not text:
        return None
    os.set_inheritable(int(text), False)
    return int(text)


def _restore_path() -> None:
    """Leave the service the search path that it has without this module."""
    path = os.environ.pop(PATH, None)
    if path is None:
        return
    with contextlib.suppress(ValueError):
        sys.path.remove(FOLDER)
    if path:
        os.environ["PYTHONPATH"] = path
    else:
        os.environ.pop("PYTHONPATH", None)


def _wait_as_spare(record: int, go: int, variables: Mapping[str, str]) -> None:
    """Import the recorded modules and answer the supervisor; returns in the process that becomes the service.

    It starts again where an import would end it or the file of an imported module has changed.
    """
    copies = bool(os.environ.pop(COPIES, ""))
    times = _import_recorded(record, variables)
    while request := os.read(go, 1):
        if request == IMPORT:
            times = _import_recorded(record, variables)
            continue
        is_usable = times is not None and all(_time(origin) == time for origin, time in times.items())
        copy = _copy(go) if is_usable and copies and _has_one_thread() else None
        if copy == 0:
            return
        os.write(go, f"{copy or os.getpid()}\n".encode())
        if copy:
            continue
        os.close(go)
        if is_usable:
            return
        os.set_inheritable(record, True)
        kept = {name: value for name, value in variables.items() if name not in (GO, COPIES)}
        os.execve(sys.executable, _words(), kept)  # noqa: S606  # the command of this process
    os._exit(1)


def _import_recorded(record: int, variables: Mapping[str, str]) -> dict[str, int] | None:
    """Return the files of the recorded modules with their times; None where an import would end the process."""
    try:
        times = {origin: _time(origin) for name, origin in _recorded(record) if _import_same(name, origin)}
        if DEBUG_PORT in variables:
            importlib.import_module("debugpy.server.api")  # imported by `debugpy.listen`
    except BaseException:  # such as SystemExit
        return None
    # the collector would visit every object of the modules again and again while the service starts
    gc.collect()
    gc.freeze()
    return times


def _has_one_thread() -> bool:
    """True when a copy of this process lacks no thread, also none of a library in C."""
    return len(os.listdir("/proc/self/task")) == 1


def _copy(go: int) -> int | None:
    """Return the ID of a copy of this process, and 0 in the copy, whose parent is the supervisor; None when there is none."""
    receiving, sending = os.pipe()
    between = os.fork()
    if between == 0:
        copy = -1
        with contextlib.suppress(OSError):
            copy = os.fork()
        if copy:
            os.write(sending, str(copy).encode())
            os._exit(0)
        for number in (receiving, sending, go):
            os.close(number)
        os.setsid()
        return 0
    os.close(sending)
    os.waitpid(between, 0)  # the supervisor adopts the copy
    answer = int(os.read(receiving, 16))
    os.close(receiving)
    return answer if answer > 0 else None


def _recorded(record: int) -> Iterator[tuple[str, str]]:
    """Yield name and file of each module in the record, but for the one that is the program itself."""
    lines = os.pread(record, os.fstat(record).st_size, 0).decode().splitlines()
    pairs = dict(line.split("\t", 1) for line in lines if not line.startswith("\t"))
    if not pairs.keys().isdisjoint(PATCHING):
        raise RuntimeError("modules are patched before they are imported")
    words = _words()
    program = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
    for name, origin in pairs.items():
        if name not in (program, f"{program}.__main__"):
            yield name, origin


def _import_same(name: str, origin: str) -> bool:
    """Import a module unless its name means another file now; return True when it is imported.

    A module that fails may have failed for the service too, which then did without it; the service imports it again.
    """
    if name not in sys.modules:
        try:
            spec = importlib.util.find_spec(name)
        except Exception:  # whatever the import of the package raises
            return False
        if spec is None or spec.origin != origin:
            return False
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return name in sys.modules


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _words() -> list[str]:
    """Return the command line of this process."""
    with open("/proc/self/cmdline", encoding="utf-8", errors="surrogateescape") as file:
        return file.read().split("\0")[:-1]


def _import_next() -> bool:
    """Import the `sitecustomize` that this one hides; return True for one that is not part of Python."""
    spec = PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        return False
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)
    return not (spec.origin or "").startswith((STANDARD, "/etc/python", "/usr/lib/python"))


def _listen(port: int) -> None:
    """Let a debugger attach."""
    try:
        import debugpy

        debugpy.listen(("127.0.0.1", port))
        print(f"[dev] the debugger listens on port {port}", flush=True)
    except Exception as error:  # the service runs without a debugger
        print(f"[dev] the debugger cannot be started: {error}", file=sys.stderr, flush=True)


start()
