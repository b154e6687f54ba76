"""Log lines of the example: fields that the saved searches read, and the ID of a request."""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import pytest

from examples.agent_os.shared.logs import REQUEST_ID, JsonLines, RequestIds, write_json_lines
from providers.contract.log_searches import SHOWN_FIELDS


def written(message: str = "the run %s failed", *args: object, project: str = "") -> Mapping[str, object]:
    record = logging.LogRecord("app", logging.ERROR, __file__, 1, message, args or ("r-1",), None)
    return json.loads(JsonLines("gateway", project).format(record))


def test_a_line_has_the_fields_that_searches_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", Trace)
    monkeypatch.setitem(sys.modules, "opentelemetry", type("Package", (), {"trace": Trace}))
    token = REQUEST_ID.set("req-1")
    try:
        line = written(project="acme")
    finally:
        REQUEST_ID.reset(token)
    assert {name: line[name] for name in SHOWN_FIELDS} == {
        "severity": "ERROR",
        "service": "gateway",
        "message": "the run r-1 failed",
        "request_id": "req-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    assert line["logging.googleapis.com/trace"] == "projects/acme/traces/4bf92f3577b34da6a3ce929d0e0e4736"


class Trace:
    """Module of OpenTelemetry with one current span."""

    is_valid, trace_id, span_id = True, "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    format_trace_id = format_span_id = staticmethod(str)

    @classmethod
    def get_current_span(cls) -> type["Trace"]:
        return cls

    @classmethod
    def get_span_context(cls) -> type["Trace"]:
        return cls


def test_a_line_break_in_a_message_does_not_end_the_line() -> None:
    line = JsonLines("gateway").format(
        logging.LogRecord("app", logging.INFO, "", 1, 'a\n{"severity": "INFO"}', (), None)
    )
    assert "\n" not in line
    assert json.loads(line)["message"] == 'a\n{"severity": "INFO"}'


def test_an_exception_is_one_field(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_NAME", "gateway")
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    write_json_lines()
    try:
        raise ValueError("no such order")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("it failed")
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["service"], line["severity"], line["message"]) == ("gateway", "ERROR", "it failed")
    assert line["stack_trace"].endswith("ValueError: no such order")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"x-request-id", b"req-1"), (b"x-amzn-trace-id", b"Root=1-2")], "req-1"),
        (
            [(b"x-amzn-trace-id", b"Root=1-67891233-abcdef012345678912345678")],
            "Root=1-67891233-abcdef012345678912345678",
        ),
        ([(b"x-request-id", b'a" , "severity": "INFO'), (b"x-azure-ref", b"20261129T0000Z-1")], "20261129T0000Z-1"),
        ([(b"x-request-id", b"a" * 129)], None),
        ([], None),
    ],
)
def test_a_request_keeps_a_valid_id_and_gets_one_otherwise(
    headers: list[tuple[bytes, bytes]], expected: str | None
) -> None:
    seen: list[str] = []

    async def app(_scope: MutableMapping[str, Any], _receive: Any, send: Any) -> None:
        seen.append(REQUEST_ID.get())
        await send({"type": "http.response.start", "status": 200})

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    asyncio.run(RequestIds(app)({"type": "http", "headers": headers}, receive, send))
    (request_id,) = seen
    assert request_id == expected if expected else len(request_id) == 32
    assert sent[0]["headers"] == [(b"x-request-id", request_id.encode())]
    assert REQUEST_ID.get() == ""
