"""Lock holder of a stack, read from the engine's error about a locked stack."""

import re
import socket
from dataclasses import dataclass

from automation.processes import is_running

LOCK_PATTERN = re.compile(r"created by (?P<user>[^\s@]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")


@dataclass(frozen=True)
class LockHolder:
    """User, machine and process that hold a stack's lock, and since when; empty where the backend does not report them."""

    user: str = ""
    host: str = ""
    pid: int = 0
    since: str = ""

    def __str__(self) -> str:
        if not self.user:
            return "an update in progress"
        return f"{self.user}@{self.host} (process {self.pid}) since {self.since}"

    @property
    def runs_on_this_machine(self) -> bool:
        """True when the process is running on this machine."""
        return self.host == socket.gethostname() and is_running(self.pid)


def parse_lock_holder(text: str) -> LockHolder | None:
    """Return the lock holder that the engine's error names, or None."""
    match = LOCK_PATTERN.search(text)
    if match is None:
        return None
    return LockHolder(match["user"], match["host"], int(match["pid"]), match["since"])
