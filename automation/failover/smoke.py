"""Smoke test of a region's entry: one request to its address, with the name of the domain, before DNS names it. Imports no SDK."""

import http.client
import socket
import ssl

from providers.contract.failover import Address
from providers.contract.spec import Platform, Service

TIMEOUT_SECONDS = 10.0
NEEDS_LOGIN = (401, 403)
"""Answers of a service that requires a key, which the test does not have."""


def smoke_paths(spec: Platform) -> dict[str, str]:
    """Return the path that is tested of each public service: its health check where the entry routes it, else its own path."""
    return {name: _path(service) for name, service in spec.public.items()}


def _path(service: Service) -> str:
    base, health = (service.path or "/").rstrip("/"), service.health.path
    return health if health and (not base or health.startswith(f"{base}/")) else base or "/"


def probe_entry(address: Address, domain: str, path: str) -> str:
    """Return why an entry does not answer a request as it should; empty when it does."""
    try:
        status = _status(address, domain, path)
    except (OSError, http.client.HTTPException) as error:
        return f"{path}: {type(error).__name__}: {error}"
    return "" if status < 400 or status in NEEDS_LOGIN else f"{path} is answered with {status}"


def _status(address: Address, domain: str, path: str) -> int:
    """Return the status of one request; the certificate must be valid for the domain, else for the address."""
    name = domain or address.host
    with socket.create_connection((address.host, address.port), TIMEOUT_SECONDS) as plain:
        if address.port != http.client.HTTPS_PORT:
            return _request(plain, name, path)
        with ssl.create_default_context().wrap_socket(plain, server_hostname=name) as encrypted:
            return _request(encrypted, name, path)


def _request(connection: socket.socket, host: str, path: str) -> int:
    connection.settimeout(TIMEOUT_SECONDS)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: agent-platform\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status
