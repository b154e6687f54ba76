"""Processes that a killed engine has left: the host of the program, the program, the plugins of the providers.

They are known by their program's name and by the folder they work in. One that a living engine has started, in this
folder or in another, is never among them: engines are looked for among all its ancestors.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

ENGINE = "pulumi"
STARTED_BY_ENGINES = ("pulumi-language-", "pulumi-resource-", "pulumi-analyzer-")
ATTRIBUTES = ("pid", "ppid", "name", "cmdline", "cwd", "create_time")
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """A process as the system tells it; an empty folder where it does not."""

    pid: int
    parent: int
    name: str
    arguments: tuple[str, ...] = ()
    folder: str = ""
    started: float = 0.0

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of what it runs: an interpreter, and the script that it was given."""
        return (self.name, *(Path(word).name for word in self.arguments[:2]))

    @property
    def program(self) -> str:
        """What of an engine's it is; empty for anything else."""
        return next((name for name in self.programs if name.startswith(STARTED_BY_ENGINES)), "")

    @property
    def is_engine(self) -> bool:
        """True for the engine itself."""
        return ENGINE in self.programs


def running() -> tuple[Process, ...]:
    """Every process of this machine, as far as this user may look."""
    return tuple(_process(found.info) for found in psutil.process_iter(ATTRIBUTES))


def left_over(processes: Iterable[Process], works_here: Callable[[Path], bool]) -> tuple[Process, ...]:
    """Those that an engine has started in a folder that `works_here` accepts, and that have no engine any more."""
    known = {process.pid: process for process in processes}
    return tuple(
        process
        for process in known.values()
        if process.program and process.folder and works_here(Path(process.folder)) and not _has_engine(process, known)
    )


def is_engine(pid: int) -> bool:
    """True when a process of that number runs and is an engine: numbers are given out again."""
    return any(process.pid == pid and process.is_engine for process in running())


def end(process: Process) -> bool:
    """End a process by its number, and wait until it is gone; False when it is another one by now, or not ours."""
    try:
        found = psutil.Process(process.pid)
        if found.create_time() != process.started:
            return False
        found.kill()
        found.wait(GRACE_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, psutil.TimeoutExpired):
        return False
    return True


def _has_engine(process: Process, known: Mapping[int, Process]) -> bool:
    seen: set[int] = set()
    above = known.get(process.parent)
    while above is not None and above.pid not in seen:
        if above.is_engine:
            return True
        seen.add(above.pid)
        above = known.get(above.parent)
    return False


def _process(told: Mapping[str, object]) -> Process:
    """What psutil tells; None stands for what this user may not see."""
    words = cast("list[str] | None", told["cmdline"])
    return Process(
        pid=int(str(told["pid"])),
        parent=int(str(told["ppid"] or 0)),
        name=str(told["name"] or ""),
        arguments=tuple(words or ()),
        folder=str(told["cwd"] or ""),
        started=float(str(told["create_time"] or 0)),
    )
