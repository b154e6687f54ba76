"""Log lines as JSON objects on standard output, each with its request and trace.

The saved searches of the platform read these fields. `severity` and `message` are names of Cloud Logging; `trace_id` and `span_id`
those of OpenTelemetry for logs in other formats. A request keeps the ID that the entry or the caller gave it.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import httpx

Message = MutableMapping[str, Any]  # ASGI message
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Request, or task of a worker, that a line belongs to."""
ID_HEADERS = (b"x-request-id", b"x-amzn-trace-id", b"x-azure-ref", b"x-cloud-trace-context")
"""Headers with the ID of a request: HAProxy and callers, and the entries of AWS, Azure and Google Cloud."""
VALID_ID = re.compile(r"[\w.:;=/+-]{1,128}", re.ASCII)


class JsonLines(logging.Formatter):
    """Format of one JSON object a line."""

    def __init__(self, service: str, project: str = "") -> None:
        super().__init__()
        self._service, self._project = service, project

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; an exception is in `stack_trace`, as Error Reporting reads it."""
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "service": self._service,
            "message": record.getMessage(),
            "logger": record.name,
            "request_id": REQUEST_ID.get(),
            **self._trace(),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in line.items() if value != ""}, ensure_ascii=False)

    def _trace(self) -> dict[str, object]:
        """IDs of the current span; the field of Google Cloud links a line to its trace there."""
        if "opentelemetry.trace" not in sys.modules:
            return {}
        from opentelemetry import trace

        span = trace.get_current_span().get_span_context()
        if not span.is_valid:
            return {}
        trace_id = trace.format_trace_id(span.trace_id)
        link = {"logging.googleapis.com/trace": f"projects/{self._project}/traces/{trace_id}"} if self._project else {}
        return {"trace_id": trace_id, "span_id": trace.format_span_id(span.span_id), **link}


def write_json_lines(level: str = "INFO") -> None:
    """Write the records of all loggers of this process as JSON; SERVICE_NAME is the name of the service."""
    handler = logging.StreamHandler(sys.stdout)
    service = os.environ.get("OTEL_SERVICE_NAME") or os.environ.get("SERVICE_NAME", "")
    handler.setFormatter(JsonLines(service, os.environ.get("GOOGLE_CLOUD_PROJECT", "")))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # the library of the client logs each address with its query
    logging.getLogger("httpx").setLevel(logging.WARNING)


class RequestIds:
    """ASGI middleware that keeps the ID of a request for its log lines, and returns it in `X-Request-ID`."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Set the ID for what handles the request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = next(_ids(scope), uuid4().hex)
        token = REQUEST_ID.set(request_id)

        async def identified(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, identified)
        finally:
            REQUEST_ID.reset(token)


def _ids(scope: Message) -> Iterator[str]:
    """IDs in the headers of a request; one that could not be part of a header again is left out."""
    headers = dict(scope.get("headers", ()))
    for name in ID_HEADERS:
        value = headers.get(name, b"").decode("latin-1")
        if VALID_ID.fullmatch(value):
            yield value


async def pass_request_id(request: "httpx.Request") -> None:
    """Send the ID of the current request on, as an event hook of an httpx client."""
    if request_id := REQUEST_ID.get():
        request.headers["X-Request-ID"] = request_id
