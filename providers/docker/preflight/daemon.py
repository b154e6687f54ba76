"""Docker's daemon, asked over its HTTP API: where the provider finds it, what it answers, why it does not.

By hand and not by a library: a handful of GET requests over a socket, made before every update, is not worth a
dependency. Nothing is ever changed by it.
"""

import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

SOCKET = "/var/run/docker.sock"
OWN_SOCKET = ".docker/run/docker.sock"
"""Where Docker Desktop listens in one's home; the provider tries it after the usual one."""
PLAIN_PORT, TLS_PORT = 2375, 2376
LONGEST_SECONDS = 5.0
NO_DOCKER = "what answers there is no Docker"
NOT_FOUND = 404
Fields = Mapping[str, Any]
"""An object as the reference of Docker's API has it."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Silent(Exception):
    """The daemon does not answer; the text is a clause that says why."""


class Unasked(Exception):
    """The daemon is reached in a way that only Docker's own client knows; the text names it."""


class SocketConnection(HTTPConnection):
    """HTTP over a socket of this machine."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """The daemon at an address as DOCKER_HOST has it, with the certificates of a folder where it wants some."""

    def __init__(self, address: str, certificates: str = "", seconds: float = LONGEST_SECONDS) -> None:
        self.address, self.certificates, self.seconds = address, certificates, seconds

    @property
    def here(self) -> bool:
        """True when its ports are this machine's."""
        url = urlsplit(self.address)
        return url.scheme == "unix" or url.hostname in LOOPBACK

    def data(self, path: str) -> object:
        """What it answers as data; None for what it does not have; raises Silent or Unasked."""
        answer = self.content(path)
        try:
            return None if answer is None else json.loads(answer)
        except ValueError:
            raise Silent(NO_DOCKER) from None

    def content(self, path: str) -> bytes | None:
        """What it answers as bytes; None for what it does not have; raises Silent or Unasked."""
        connection = self._connection()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            raise Silent(why_silent(error)) from None
        finally:
            connection.close()
        if answer.status == NOT_FOUND:
            return None
        if answer.status >= 300:
            raise Silent(f"it answers with the error {answer.status}")
        return content

    def _connection(self) -> HTTPConnection:
        url = urlsplit(self.address)
        if url.scheme == "unix":
            return SocketConnection(url.path, self.seconds)
        if url.scheme not in ("tcp", "http", "https") or not url.hostname:
            raise Unasked(f"Docker is reached by {url.scheme}://, which its own client alone knows")
        if self.certificates or url.scheme == "https":
            return HTTPSConnection(url.hostname, _port(url.port, TLS_PORT), timeout=self.seconds, context=self._trust())
        return HTTPConnection(url.hostname, _port(url.port, PLAIN_PORT), timeout=self.seconds)

    def _trust(self) -> ssl.SSLContext:
        folder = Path(self.certificates)
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.pem") if self.certificates else None)
            if self.certificates:
                context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except OSError:
            raise Silent("the certificates in the folder of DOCKER_CERT_PATH cannot be read") from None
        return context


def fields(data: object) -> Fields:
    """An object of an answer; empty for anything else."""
    return cast("Fields", data) if isinstance(data, dict) else {}


def rows(data: object) -> Sequence[Fields]:
    """The objects of an answer that lists some."""
    return [fields(each) for each in cast("list[object]", data)] if isinstance(data, list) else ()


def daemon_of(environment: Mapping[str, str]) -> Daemon:
    """The daemon that the provider will use; raises Unasked for one that a context of Docker's client names."""
    context = environment.get("DOCKER_CONTEXT", "")
    if context not in ("", "default"):
        raise Unasked(f"DOCKER_CONTEXT names {context}, which its own client alone knows")
    certificates = environment.get("DOCKER_CERT_PATH", "")
    return Daemon(environment.get("DOCKER_HOST") or _default(environment), certificates)


def why_silent(error: Exception) -> str:
    """A clause for what went wrong on the way to the daemon."""
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    if isinstance(error, PermissionError):
        return "this user may not open the socket"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused"
    if isinstance(error, TimeoutError):
        return f"nothing comes back within {LONGEST_SECONDS:g} seconds"
    if isinstance(error, socket.gaierror):
        return "its host has no address"
    if isinstance(error, ssl.SSLError):
        return "TLS fails, and DOCKER_CERT_PATH names the folder of its certificates"
    return "the connection breaks"


def _default(environment: Mapping[str, str]) -> str:
    own = Path(environment.get("HOME") or Path.home()) / OWN_SOCKET
    return f"unix://{own if own.exists() and not Path(SOCKET).exists() else SOCKET}"


def _port(port: int | None, default: int) -> int:
    return default if port is None else port
