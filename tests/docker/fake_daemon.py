"""Docker daemon with prepared answers that records the commands it gets."""

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class FakeDaemon:
    """Variables with the daemon's address, and its commands, such as `POST /containers/x/start`."""

    environment: Mapping[str, str]
    commands: list[str] = field(default_factory=list[str])
    on_delete: Callable[[str], object] = str
    """Called with the path of each deletion."""


@contextmanager
def fake_daemon(
    answers: Mapping[str, object], failure: str = "", status: int = 500, content: Mapping[str, bytes] | None = None
) -> Generator[FakeDaemon]:
    """Answer lookups from a table, or with raw `content`, and every command with success, or with this failure."""
    daemon = FakeDaemon({})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if content and self.path in content:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content[self.path])
                return
            self.answer(200 if self.path in answers else 404, answers.get(self.path))

        def do_POST(self) -> None:
            daemon.commands.append(self.requestline.removesuffix(f" {self.request_version}"))
            self.answer(status if failure else 204, {"message": failure})

        def do_DELETE(self) -> None:
            daemon.on_delete(self.path)
            self.do_POST()

        def answer(self, code: int, content: object) -> None:
            self.send_response(code)
            self.end_headers()
            if code != 204:
                self.wfile.write(json.dumps(content).encode())

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        daemon.environment = {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"}
        yield daemon
    finally:
        server.shutdown()
        server.server_close()
