"""Client of a debugger by the Debug Adapter Protocol, as an editor is one."""

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ANSWER_SECONDS = 60


class DebugClient:
    """Connection to the debugger of a session."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=ANSWER_SECONDS)
        self._file = self._socket.makefile("rb")
        self._events: list[dict[str, Any]] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._number = 0

    def __enter__(self) -> "DebugClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()

    def attach(self, mappings: Sequence[Mapping[str, str]], breakpoints: Mapping[Path, int]) -> None:
        """Attach with the mappings of folders and one breakpoint in each file, by its line."""
        self._answer(self._send("initialize", {"adapterID": "debugpy", "pathFormat": "path"}))
        attached = self._send("attach", {"pathMappings": list(mappings), "justMyCode": True})
        self.event("initialized")
        for path, line in breakpoints.items():
            arguments = {"source": {"path": str(path)}, "breakpoints": [{"line": line}]}
            set_points = self._answer(self._send("setBreakpoints", arguments))
            assert [each["verified"] for each in set_points["breakpoints"]] == [True], set_points
        self._answer(self._send("configurationDone", {}))
        self._answer(attached)

    def stopped(self) -> tuple[Path, int, Mapping[str, str]]:
        """Wait for a breakpoint, and return its file, its line, and the variables of its function."""
        thread = self.event("stopped")["threadId"]
        frames = self._answer(self._send("stackTrace", {"threadId": thread}))["stackFrames"]
        scopes = self._answer(self._send("scopes", {"frameId": frames[0]["id"]}))["scopes"]
        reference = {"variablesReference": scopes[0]["variablesReference"]}
        variables = self._answer(self._send("variables", reference))["variables"]
        found = {each["name"]: each["value"] for each in variables}
        return Path(frames[0]["source"]["path"]), frames[0]["line"], found

    def leave(self) -> None:
        """Let the program run without a debugger."""
        self._answer(self._send("disconnect", {"terminateDebuggee": False}))

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event, and return its content."""
        while True:
            for message in self._events:
                if message["event"] == name:
                    self._events.remove(message)
                    return message.get("body", {})
            self._read()

    def _send(self, command: str, arguments: Mapping[str, object]) -> int:
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        content = json.dumps(request).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        return self._number

    def _answer(self, request: int) -> dict[str, Any]:
        while request not in self._answers:
            self._read()
        message = self._answers.pop(request)
        assert message["success"], message
        return message.get("body") or {}

    def _read(self) -> None:
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the debugger has closed the connection"
        message: dict[str, Any] = json.loads(self._file.read(length))
        if message["type"] == "event":
            self._events.append(message)
        elif message["type"] == "response":
            self._answers[message["request_seq"]] = message
