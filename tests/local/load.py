"""Load through the entry at a fixed rate that does not depend on the latency of the answers, like independent clients."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import aiohttp

from tests.local.host_stack import TLS_WITHOUT_VERIFICATION, WITH_KEY

CONNECTIONS = 200
TIMEOUT_SECONDS = 10
TIMED_OUT = "timeout"
SUCCESS_STATUSES = range(200, 300)


class EntryPort(Protocol):
    """Stack whose entry has a port on this machine."""

    @property
    def port(self) -> int:
        """Port of the entry."""
        ...


@dataclass(frozen=True)
class SentRequest:
    """Request with its due time on the monotonic clock, its latency and its answer."""

    at: float
    seconds: float
    status: int
    body: Any = None
    error: str = ""
    """Error of the connection, such as `ClientConnectorError: ...`; `timeout` for an answer that did not come in time."""

    @property
    def succeeded(self) -> bool:
        """True for an answer with a 2xx status."""
        return self.status in SUCCESS_STATUSES


RequestSpec = tuple[str, object]
"""Path, and the body of a POST or None for a GET."""


@dataclass
class Report:
    """Results of all requests."""

    sent: list[SentRequest] = field(default_factory=list[SentRequest])

    @property
    def failed(self) -> list[SentRequest]:
        """Requests without a 2xx status."""
        return [one for one in self.sent if not one.succeeded]

    @property
    def connection_errors(self) -> list[SentRequest]:
        """Requests whose connection was refused or cut, which a busy machine alone does not cause."""
        return [one for one in self.sent if one.error not in ("", TIMED_OUT)]

    @property
    def timeouts(self) -> list[SentRequest]:
        """Requests without an answer in time."""
        return [one for one in self.sent if one.error == TIMED_OUT]

    @property
    def error_percent(self) -> float:
        """Share of failed requests."""
        return 100 * len(self.failed) / len(self.sent)

    @property
    def p95_seconds(self) -> float:
        """95th percentile latency."""
        return sorted(one.seconds for one in self.sent)[int(0.95 * len(self.sent))]

    def acknowledged(self) -> list[Any]:
        """Bodies of the successful answers."""
        return [one.body for one in self.sent if one.succeeded]

    def recovered_seconds(self, since: float) -> float:
        """Time from `since` to the last failed request; 0 when none failed."""
        return max((one.at - since for one in self.failed if one.at >= since - TIMEOUT_SECONDS), default=0.0)

    def summary(self) -> str:
        """Summary in one line."""
        statuses = sorted({one.status for one in self.failed})
        errors = (
            f", {len(self.connection_errors)} connection errors, {len(self.timeouts)} timeouts" if self.failed else ""
        )
        longest = max(one.seconds for one in self.sent)
        return (
            f"{len(self.sent)} sent, {len(self.failed)} failed {statuses}{errors}, p95 {self.p95_seconds:.3f} s, "
            f"longest {longest:.3f} s"
        )


@contextmanager
def load(
    stack: EntryPort,
    requests_per_second: float,
    ask: Callable[[int], RequestSpec],
    *,
    bodies: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Generator[Report]:
    """Send requests at a fixed rate while the block runs; `ask` returns the n-th one, `bodies` keeps the answers' bodies."""
    report, ended = Report(), threading.Event()
    client = _Client(f"https://localhost:{stack.port}", requests_per_second, ask, bodies, report, timeout_seconds)
    thread = threading.Thread(target=lambda: asyncio.run(client.run(ended)), daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join(timeout=3 * timeout_seconds)
    assert not thread.is_alive()


@dataclass
class _Client:
    url: str
    requests_per_second: float
    ask: Callable[[int], RequestSpec]
    bodies: bool
    report: Report
    timeout_seconds: float

    async def run(self, ended: threading.Event) -> None:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=TLS_WITHOUT_VERIFICATION)
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, headers=WITH_KEY) as session,
            asyncio.TaskGroup() as requests,
        ):
            start = time.monotonic()
            for number in count():
                due = start + number / self.requests_per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if ended.is_set():
                    return
                requests.create_task(self.send(session, number, due))

    async def send(self, session: aiohttp.ClientSession, number: int, due: float) -> None:
        path, body = self.ask(number)
        method = "GET" if body is None else "POST"
        status, content, error = 0, None, ""
        try:
            async with session.request(method, f"{self.url}{path}", json=body) as answer:
                read = await answer.read()
                status, content = answer.status, await answer.json() if self.bodies and read else None
        except TimeoutError:  # before ClientError: a timeout of aiohttp is both
            status, error = 0, TIMED_OUT
        except (aiohttp.ClientError, ValueError) as failure:
            status, error = 0, f"{type(failure).__name__}: {failure}"
        # measured from the due time, so that queueing in front of the entry counts
        self.report.sent.append(SentRequest(due, time.monotonic() - due, status, content, error))
