"""Load through the entry at a fixed rate, however slow the answers: what a crowd of clients does that knows no other's pace."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from tests.local.machine import TRUSTING, Machine

CONNECTIONS = 200
PATIENCE_SECONDS = 10
GOOD = range(200, 300)


@dataclass(frozen=True)
class Sent:
    """One request: when it was due on the monotonic clock, how long its answer took, what the answer was."""

    at: float
    seconds: float
    status: int
    body: Any = None

    @property
    def good(self) -> bool:
        """True for an answer that promises what was asked."""
        return self.status in GOOD


Asked = tuple[str, object]
"""Path, and the body of a POST or None for a GET."""


@dataclass
class Report:
    """What became of every request."""

    sent: list[Sent] = field(default_factory=list[Sent])

    @property
    def failed(self) -> list[Sent]:
        """Requests without a good answer."""
        return [one for one in self.sent if not one.good]

    @property
    def error_percent(self) -> float:
        """Share of them."""
        return 100 * len(self.failed) / len(self.sent)

    @property
    def p95_seconds(self) -> float:
        """Nineteen of twenty answers came within this time."""
        return sorted(one.seconds for one in self.sent)[int(0.95 * len(self.sent))]

    def acknowledged(self) -> list[Any]:
        """Bodies of the good answers."""
        return [one.body for one in self.sent if one.good]

    def recovered_seconds(self, since: float) -> float:
        """From `since` until the last request that was due and went unanswered; 0 when none did."""
        return max((one.at - since for one in self.failed if one.at >= since - PATIENCE_SECONDS), default=0.0)

    def told(self) -> str:
        """In a few words."""
        kinds = sorted({one.status for one in self.failed})
        return f"{len(self.sent)} sent, {len(self.failed)} failed {kinds}, p95 {self.p95_seconds:.3f} s"


@contextmanager
def load(machine: Machine, a_second: float, ask: Callable[[int], Asked], *, bodies: bool = False) -> Generator[Report]:
    """Requests at a fixed rate while the block runs; `ask` makes the n-th one, `bodies` keeps what was answered."""
    report, ended = Report(), threading.Event()
    client = _Client(f"https://localhost:{machine.port}", a_second, ask, bodies, report)
    thread = threading.Thread(target=lambda: asyncio.run(client.run(ended)), daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join(timeout=3 * PATIENCE_SECONDS)
    assert not thread.is_alive()


@dataclass
class _Client:
    url: str
    a_second: float
    ask: Callable[[int], Asked]
    bodies: bool
    report: Report

    async def run(self, ended: threading.Event) -> None:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=TRUSTING)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as requests,
        ):
            start = time.monotonic()
            for number in count():
                due = start + number / self.a_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if ended.is_set():
                    return
                requests.create_task(self.send(session, number, due))

    async def send(self, session: aiohttp.ClientSession, number: int, due: float) -> None:
        path, body = self.ask(number)
        method = "GET" if body is None else "POST"
        status, content = 0, None
        try:
            async with session.request(method, f"{self.url}{path}", json=body) as answer:
                read = await answer.read()
                status, content = answer.status, await answer.json() if self.bodies and read else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            status = 0
        # reckoned from when it was due: a queue before the entry counts as well
        self.report.sent.append(Sent(due, time.monotonic() - due, status, content))
