"""github.com on this host: a proxy for HTTPS that answers for it, and has one git repository in every organization.

The CLI takes no address with a port as one of a repository, and no program without rights can listen on port 443.
"""

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

HOST = "github.com"
CERTIFICATE = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}")


@dataclass(frozen=True)
class GitServer:
    """Address of a repository without scheme, and the variables by which a program reaches it."""

    address: str
    environment: Mapping[str, str]


@contextmanager
def git_server(repository: Path, home: Path) -> Generator[GitServer]:
    """Serve a repository with `git http-backend`; skips the test where git or openssl is missing."""
    for name in ("git", "openssl"):
        if shutil.which(name) is None:
            pytest.skip(f"no {name} on PATH")
    root = home / "served"
    root.mkdir()
    subprocess.run(["git", "clone", "--quiet", "--bare", repository, root / "agent-platform.git"], check=True)
    key, certificate = home / "key.pem", home / "certificate.pem"
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *files, *CERTIFICATE],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(root, context))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy = f"http://127.0.0.1:{server.server_port}"
    environment = {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        "SSL_CERT_FILE": str(certificate),
    }
    try:
        yield GitServer(f"{HOST}/acme/agent-platform", environment)
    finally:
        server.shutdown()
        server.server_close()


def _handler(root: Path, context: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            """Be the host that the client asks for, with the certificate of one."""
            if self.path != f"{HOST}:443":
                self.send_error(502, f"no way to {self.path}")
                return
            self.send_response(200)
            self.end_headers()
            self.connection = self.request = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", buffering=0)  # pyrefly: ignore[bad-assignment]
            self.close_connection = False

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self) -> None:
            """Answer with the CGI program of git, for any organization."""
            parts = urlsplit(self.path)
            variables = {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": "/" + parts.path.partition("/acme/")[2],
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            body = self.rfile.read(int(variables["CONTENT_LENGTH"]))
            done = subprocess.run(
                ["git", "http-backend"], input=body, env={**os.environ, **variables}, capture_output=True, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
            status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
            self.send_response(status)
            for name, value in headers:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
