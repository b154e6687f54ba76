"""Client of the Docker daemon's HTTP API, for the requests around an update.

A few requests before each update do not justify a dependency on a client library.
"""

import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from providers.contract.preflight import HostUnreachable
from providers.contract.spec.defaults import is_list, is_mapping

DEFAULT_SOCKET = "/var/run/docker.sock"
USER_SOCKET = ".docker/run/docker.sock"
"""Socket of Docker Desktop in the home folder; the provider tries it after the default one."""
PLAIN_PORT, TLS_PORT = 2375, 2376
TIMEOUT_SECONDS = 5.0
NOT_DOCKER = "the answer is not from a Docker daemon"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

Fields = Mapping[str, object]
"""JSON object, with the field names of Docker's API reference."""


class DaemonUnreachable(HostUnreachable):
    """The daemon does not answer; the text is a clause with the reason."""


class DaemonUnsupported(HostUnreachable):
    """Only Docker's own client can reach the daemon; the text is a clause with the reason."""


class UnixSocketConnection(HTTPConnection):
    """HTTP connection over a Unix socket."""

    def __init__(self, path: str, timeout_seconds: float) -> None:
        super().__init__("localhost", timeout=timeout_seconds)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """Daemon at an address in the format of DOCKER_HOST, with the client certificates of a folder."""

    def __init__(self, address: str, certificate_folder: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.address = address
        self.certificate_folder = certificate_folder
        self.timeout_seconds = timeout_seconds

    @property
    def is_local(self) -> bool:
        """True when the daemon publishes ports of this machine."""
        url = urlsplit(self.address)
        return url.scheme == "unix" or url.hostname in LOCAL_HOSTS

    def get_json(self, path: str) -> object:
        """Return the JSON answer, None for 404; raises DaemonUnreachable or DaemonUnsupported."""
        content = self.get(path)
        try:
            return None if content is None else json.loads(content)
        except ValueError:
            raise DaemonUnreachable(NOT_DOCKER) from None

    def get(self, path: str) -> bytes | None:
        """Return the answer, None for 404; raises DaemonUnreachable or DaemonUnsupported."""
        status, content = self._answer("GET", path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise DaemonUnreachable(f"it answers with the status {status}")
        return content

    def post(self, path: str) -> str:
        """Send a command without a body, and return Docker's error message, or an empty text."""
        return self._command("POST", path)

    def delete(self, path: str) -> str:
        """Delete an object, and return Docker's error message, or an empty text; one that does not exist is deleted."""
        return self._command("DELETE", path, HTTPStatus.NOT_FOUND)

    def _command(self, method: str, path: str, *accepted: int) -> str:
        status, content = self._answer(method, path)
        if status < HTTPStatus.BAD_REQUEST or status in accepted:
            return ""
        try:
            return str(fields(json.loads(content)).get("message") or f"status {status}")
        except ValueError:
            raise DaemonUnreachable(NOT_DOCKER) from None

    def _answer(self, method: str, path: str) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            raise DaemonUnreachable(reason_of(error)) from None
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        url = urlsplit(self.address)
        if url.scheme == "unix":
            return UnixSocketConnection(url.path, self.timeout_seconds)
        if url.scheme not in ("tcp", "http", "https") or not url.hostname:
            raise DaemonUnsupported(f"only Docker's own client can connect over {url.scheme}://")
        if self.certificate_folder or url.scheme == "https":
            port = TLS_PORT if url.port is None else url.port
            return HTTPSConnection(url.hostname, port, timeout=self.timeout_seconds, context=self._tls_context())
        port = PLAIN_PORT if url.port is None else url.port
        return HTTPConnection(url.hostname, port, timeout=self.timeout_seconds)

    def _tls_context(self) -> ssl.SSLContext:
        if not self.certificate_folder:
            return ssl.create_default_context()
        folder = Path(self.certificate_folder)
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except OSError:
            raise DaemonUnreachable("the certificates in the folder of DOCKER_CERT_PATH cannot be read") from None
        return context


def daemon_from(environment: Mapping[str, str]) -> Daemon:
    """Daemon that the provider will use; raises DaemonUnsupported for a context of Docker's client."""
    context = environment.get("DOCKER_CONTEXT", "")
    if context not in ("", "default"):
        raise DaemonUnsupported(f"DOCKER_CONTEXT is {context}, which only Docker's own client can resolve")
    certificate_folder = environment.get("DOCKER_CERT_PATH", "")
    return Daemon(environment.get("DOCKER_HOST") or _default_address(environment), certificate_folder)


def _default_address(environment: Mapping[str, str]) -> str:
    user_socket = Path(environment.get("HOME") or Path.home()) / USER_SOCKET
    return f"unix://{user_socket if user_socket.exists() and not Path(DEFAULT_SOCKET).exists() else DEFAULT_SOCKET}"


def reason_of(error: Exception) -> str:
    """Clause with the reason why a connection to the daemon failed."""
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (FileNotFoundError, "the socket does not exist"),
        (PermissionError, "this user may not open the socket"),
        (ConnectionRefusedError, "the connection is refused"),
        (TimeoutError, f"no answer within {TIMEOUT_SECONDS:g} seconds"),
        (socket.gaierror, "its host name cannot be resolved"),
        (ssl.SSLError, "the TLS handshake fails; DOCKER_CERT_PATH names the folder of the client certificates"),
    )
    return next((reason for kind, reason in reasons if isinstance(error, kind)), "the connection is interrupted")


def fields(data: object) -> Fields:
    """JSON object of an answer; empty for any other value."""
    return data if is_mapping(data) else {}


def rows(data: object) -> Sequence[Fields]:
    """JSON objects of a list; empty for any other value."""
    return [fields(item) for item in values(data)]


def values(data: object) -> Sequence[object]:
    """Items of a JSON list; empty for any other value."""
    return data if is_list(data) else ()


def whole_number(data: object) -> int:
    """JSON number; 0 for any other value."""
    return int(data) if isinstance(data, int | float) else 0
