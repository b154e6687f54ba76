"""Who holds a stack, read from what the engine says when it finds the stack locked. Pure but for one look at a process."""

import re
import socket
from dataclasses import dataclass

from automation.processes import is_running

TOLD = re.compile(r"created by (?P<user>[^\s@]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True)
class LockHolder:
    """A lock: who holds it, with which process on which machine, and since when; empty where the backend does not tell."""

    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""

    def __str__(self) -> str:
        return (
            f"{self.user}@{self.host} (process {self.pid}) since {self.since}" if self.user else "an update in progress"
        )

    @property
    def runs_on_this_machine(self) -> bool:
        """True when that process runs on this machine."""
        return self.host == socket.gethostname() and is_running(self.pid)


def parse_lock_holder(text: str) -> LockHolder | None:
    """The lock that the engine's text tells of."""
    found = TOLD.search(text)
    return LockHolder(found["user"], found["host"], int(found["pid"]), found["since"]) if found else None
