"""Requests to the API server of a control plane over one connection; kubectl would be a new process for each of them."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path

from providers.contract.json_data import Raw, is_mapping, mappings

REQUEST_SECONDS = 60
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
"""Media types of patches: that of custom resources, and that of objects of Kubernetes, which merges lists by their keys."""
PASSED = (404, 409)
"""Answers for an object that another program has deleted, created or changed in the meantime."""
GONE: Raw = {}


class RequestRefused(Exception):
    """Answer of the server other than success and `PASSED`."""


@dataclass
class ApiClient:
    """Client of one user, for one thread."""

    port: int
    authority: Path
    """Certificates by which the server is recognized."""
    token: str = field(repr=False)
    _connection: HTTPSConnection | None = None

    def get(self, path: str) -> Raw:
        """Return an object, empty when there is none."""
        return self._request("GET", path)

    def items(self, path: str) -> list[Raw]:
        """Return the objects of a list."""
        return mappings(self.get(path).get("items"))

    def create(self, path: str, body: Mapping[str, object]) -> Raw:
        """Create an object, unless it exists."""
        return self._request("POST", path, body)

    def patch(self, path: str, body: Mapping[str, object], media_type: str = STRATEGIC) -> Raw:
        """Change an object that may have been deleted."""
        return self._request("PATCH", path, body, media_type)

    def delete(self, path: str, *, seconds: int | None = None) -> Raw:
        """Delete an object that may have been deleted; `seconds` is the time that the pod has left."""
        options = {} if seconds is None else {"gracePeriodSeconds": seconds}
        return self._request("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options})

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(
        self, method: str, path: str, body: Mapping[str, object] | None = None, media_type: str = "application/json"
    ) -> Raw:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media_type, "Accept": "application/json"}
        content = None if body is None else json.dumps(body)
        try:
            response = self._send(method, path, content, headers)
        except (HTTPException, ConnectionError):  # the server closes a connection that was idle
            self.close()
            response = self._send(method, path, content, headers)
        text = response.read()
        if response.status in PASSED:
            return GONE
        if response.status >= 400:
            raise RequestRefused(f"{method} {path}: {response.status} {text[:500].decode(errors='replace')}")
        document: object = json.loads(text)
        return document if is_mapping(document) else GONE

    def _send(self, method: str, path: str, content: str | None, headers: Mapping[str, str]) -> HTTPResponse:
        if self._connection is None:
            context = ssl.create_default_context(cafile=str(self.authority))
            self._connection = HTTPSConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS, context=context)
        self._connection.request(method, path, content, dict(headers))
        return self._connection.getresponse()
