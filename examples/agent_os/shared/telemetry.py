"""Metrics of a web service: request durations under the OpenTelemetry name.

The platform's alarm rules read `http_server_request_duration_seconds`, and CPU and memory of the process, which
prometheus_client provides. `shared.serving` exposes them on a separate port, which no route of the entry leads to.
Requests of the platform itself (`/health`) are left out: a failing health check is not a failed request of a user.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI
from prometheus_client import Histogram

from shared.logs import RequestIds
from shared.serving import DRAINING

Message = MutableMapping[str, Any]  # ASGI message
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

OWN_PATHS = ("/health",)
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2, 2.5, 5, 7.5, 10, 30)
REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's first byte to its answer's last, in seconds.",
    ("http_request_method", "http_route", "http_response_status_code"),
    buckets=BUCKETS_SECONDS,
)


class Measured:
    """ASGI middleware that measures requests, and closes connections while the service drains."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Measure an HTTP request; other events pass unchanged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                if DRAINING.is_set():
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        begun = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        finally:
            if scope["path"] not in OWN_PATHS:
                labels = (scope["method"], _route(scope), status)
                REQUEST_SECONDS.labels(*labels).observe(time.perf_counter() - begun)


def measure_requests(app: FastAPI) -> None:
    """Add request metrics to a service, and the ID of a request to its log lines."""
    app.add_middleware(Measured)
    app.add_middleware(RequestIds)


def _route(scope: Message) -> str:
    """Pattern of the route; with the path itself, each identifier in it would create a series."""
    return getattr(scope.get("route"), "path", "unmatched")
