"""HTTP requests of the doctor: short, without credentials, and without an exception when there is no network."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

REQUEST_TIMEOUT_SECONDS = 5.0
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class HttpReply:
    """Status, headers by lower-case name, and body; `status` is None when there was no connection."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


Fetch = Callable[[str, str, Mapping[str, str]], HttpReply]
"""Sends a request: method, URL and headers."""
OFFLINE = HttpReply(None)


def fetch(method: str, url: str, headers: Mapping[str, str]) -> HttpReply:
    """Return the reply of an HTTPS server, redirects followed; anything but https is not sent."""
    if not url.startswith("https://"):
        return OFFLINE
    request = urllib.request.Request(url, headers=dict(headers), method=method)  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_SECONDS) as response:  # noqa: S310
            return _reply(response.status, response.headers.items(), response.read(MAX_BODY_BYTES))
    except urllib.error.HTTPError as error:
        return _reply(error.code, error.headers.items(), b"")
    except (OSError, http.client.HTTPException, ValueError):
        return OFFLINE


def is_reachable(url: str) -> bool:
    """True when the host of a URL offers the file."""
    status = fetch("HEAD", url, {}).status
    return status is not None and status < 400


def _reply(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> HttpReply:
    return HttpReply(status, {name.lower(): value for name, value in headers}, body)
