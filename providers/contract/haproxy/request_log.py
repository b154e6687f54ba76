"""Log of the router: a JSON object for each request, without query strings and headers that identify a caller. Pure.

HAProxy's own format has the whole address of a request, and a query may have a key. Values of a client are written by the
converter `json`, so that they cannot add fields to a line (HAProxy documentation, "Converters").
"""

import json
from collections.abc import Iterator

MAX_ID_CHARACTERS = 128
"""Length of a client's own request ID in the log."""
TRACEPARENT = "req.hdr(traceparent),field(2,-),lower"
"""ID of the trace in the header of W3C Trace Context, `00-<trace>-<span>-<flags>`."""


def recorded_values() -> Iterator[str]:
    """Rules that keep what the log shows of a request; the first ones, so that a request which a rule refuses has them."""
    own = f"req.hdr(x-request-id),bytes(0,{MAX_ID_CHARACTERS})"
    yield "http-request set-header X-Request-ID %[uuid] unless { req.hdr(x-request-id) -m found }"
    yield f"http-request set-var(txn.request_id) {own},json(utf8s)"
    yield "http-request set-var(txn.method) method,json(utf8s)"
    yield "http-request set-var(txn.path) path,json(utf8s)"
    yield "http-request set-var(txn.trace_id) str()"
    yield f"http-request set-var(txn.trace_id) {TRACEPARENT} if {{ {TRACEPARENT} -m reg ^[0-9a-f]{{32}}$ }}"
    yield "http-request set-var(txn.severity) str(INFO)"
    yield "http-after-response set-var(txn.severity) str(ERROR) if { status ge 500 }"


def log_format() -> str:
    """Format of a line; numbers are not quoted."""
    texts = {
        "severity": "%[var(txn.severity)]",
        "service": "entry",
        "message": "request",
        "request_id": "%[var(txn.request_id)]",
        "trace_id": "%[var(txn.trace_id)]",
        "method": "%[var(txn.method)]",
        "path": "%[var(txn.path)]",
        "client": "%ci",
        "backend": "%b",
        "server": "%s",
        "termination": "%tsc",
        "rules": "%hr",
    }
    numbers = {"status": "%ST", "duration_ms": "%Ta", "first_byte_ms": "%Tr", "bytes": "%B"}
    quoted = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in texts.items()]
    plain = [f"{json.dumps(name)}:{value}" for name, value in numbers.items()]
    return f"log-format '{{{','.join((*quoted, *plain))}}}'"
