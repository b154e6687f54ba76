"""Logs of the services of a stack in one stream: a colour for each service on a terminal, plain text in a pipe."""

import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from automation.shell import BROKEN_PIPE
from providers.docker.naming import logical_name, replica_of
from providers.docker.ownership import listing, owner_of_state

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""Foreground colours of ECMA-48, one for each service in the order of the file."""
SCAN_SECONDS = 2.0
STOPPED = (0, BROKEN_PIPE)


@dataclass(frozen=True)
class LogFilter:
    """Lines to print: those of `services` (all when empty) that contain `pattern`."""

    services: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    def shows(self, service: str, line: str) -> bool:
        """Return whether a line of a service is printed."""
        return (not self.services or service in self.services) and (
            self.pattern is None or self.pattern.search(line) is not None
        )


@dataclass
class LogPrinter:
    """Printer of lines with the name of their service, of the same width for every service."""

    services: Sequence[str]
    write: Callable[[str], object]
    coloured: bool = False
    shown: LogFilter = LogFilter()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def log(self, service: str, line: str) -> None:
        """Print a line of a service's log."""
        if self.shown.shows(service, line):
            self._print(service, line)

    def note(self, service: str, text: str) -> None:
        """Print an event of the session, whatever the filter is."""
        self._print(service, f"[dev] {text}")

    def _print(self, service: str, line: str) -> None:
        head = f"{service:<{max(map(len, self.services), default=0)}} |"
        if self.coloured:
            index = list(self.services).index(service) if service in self.services else 0
            head = f"\x1b[{COLOURS[index % len(COLOURS)]}m{head}\x1b[0m"
        with self._lock:
            self.write(f"{head} {line}")


class LogStream:
    """Readers of the logs of every replica of a stack, also of those that an update creates later."""

    def __init__(self, stack: str, printer: LogPrinter, environment: Mapping[str, str], since: str) -> None:
        self.stack, self.printer, self.environment, self.since = stack, printer, dict(environment), since
        self.owner = owner_of_state(stack, environment)
        self._readers: dict[str, subprocess.Popen[str]] = {}
        self._running: Mapping[str, str] = {}
        self._stopped = threading.Event()
        self._scanner = threading.Thread(target=self._scan, daemon=True)

    def start(self) -> None:
        """Begin to print."""
        self._scanner.start()

    def stop(self) -> None:
        """End every reader."""
        self._stopped.set()
        self._scanner.join()
        for reader in self._readers.values():
            with suppress(ProcessLookupError):
                reader.terminate()
            reader.wait()

    def running(self) -> Mapping[str, str]:
        """Return the service of each running replica by the name of its container; empty when Docker does not answer."""
        listed = subprocess.run(  # noqa: S603  # no user input
            listing(self.stack),
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = {name: replica_of(self.stack, logical_name(name)) for name in self.owner.lines(listed.stdout)}
        return {name: each[0] for name, each in found.items() if each and each[0] in self.printer.services}

    def known(self, service: str) -> str | None:
        """Return a container of a service that ran at the last look, which may have ended since; None without one."""
        return next((name for name, each in self._running.items() if each == service), None)

    def _scan(self) -> None:
        while not self._stopped.is_set():
            self._running = self.running()
            for reader in self._readers.values():  # one of a removed container has ended, and stays a zombie until then
                reader.poll()
            for name, service in self._running.items():
                reader = self._readers.get(name)
                if reader is None or reader.poll() is not None:
                    self._read(name, service)
            self._stopped.wait(SCAN_SECONDS)

    def _read(self, name: str, service: str) -> None:
        since = self.since if name not in self._readers else f"{int(SCAN_SECONDS)}s"
        reader = subprocess.Popen(  # noqa: S603  # no user input
            ["docker", "logs", "--follow", "--since", since, name],  # noqa: S607  # the user's Docker
            env=self.environment, text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._readers[name] = reader
        threading.Thread(target=self._print, args=(reader, service), daemon=True).start()

    def _print(self, reader: "subprocess.Popen[str]", service: str) -> None:
        for line in reader.stdout or ():
            self.printer.log(service, line.rstrip("\n"))
