"""Paths of public services that the entry does not forward. Pure.

The path of metrics on a routed port is closed in any case: only collectors inside the network read it. AgentOS serves
its statistics at `/metrics`, and production closes the interactive documentation of APIs, unless
`services.<name>.closed_paths` names other paths. A path is closed with everything below it, in every spelling that servers
decode to it. An application behind a prefix may see the path with or without that prefix, so both forms are closed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from providers.contract.prometheus import DEFAULT_PATH, routed_metrics_path
from providers.contract.spec import Platform, Service

DOCUMENTATION_PATHS = ("/docs", "/redoc", "/openapi.json")
"""Documentation of an API with FastAPI's default settings, which AgentOS has too (https://fastapi.tiangolo.com/tutorial/metadata/)."""
DOCUMENTED_APPS = frozenset({"agentos", "fastapi", "custom"})
"""Applications that may serve the documentation of an API: `custom` can be anything."""
PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
"""Path without a wildcard, query or percent-encoding, which the rules of every cloud can name."""


@dataclass(frozen=True)
class ClosedPath:
    """Path that the entry does not forward, the service behind it, and the key that closes it."""

    path: str
    service: str
    key: str


class Routes:
    """Paths of the public services of a platform, for lookups of many paths."""

    def __init__(self, spec: Platform) -> None:
        self._services: dict[str, str] = {}
        self._below: dict[str, list[str]] = {}
        self._above_checks: set[str] = set()
        for name, service in spec.public.items():
            path = service.path or "/"
            self._services.setdefault(path.rstrip("/"), name)
            for each in _at_and_above(path):
                self._below.setdefault(each, []).append(name)
            if service.health.path is not None:
                self._above_checks.update(_at_and_above(service.health.path))

    def service_at(self, path: str) -> str | None:
        """Return the service that a request of `path` reaches; None when the entry answers 404."""
        return next((self._services[each] for each in _at_and_above(path) if each in self._services), None)

    def services_below(self, path: str) -> Sequence[str]:
        """Return the services whose path is `path` or below it, in the order of the routes."""
        return self._below.get(path.rstrip("/"), ())

    def leads_below(self, path: str) -> bool:
        """True when the path or one below it is a route, or answers a health check through the entry."""
        return bool(self.services_below(path)) or path.rstrip("/") in self._above_checks


def _at_and_above(path: str) -> Iterator[str]:
    """Yield each prefix without a slash at its end that `path` is or is below, the longest first."""
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def closed_paths(spec: Platform) -> tuple[ClosedPath, ...]:
    """Return every closed path once, by path."""
    closed: dict[str, ClosedPath] = {}
    routes = Routes(spec)
    for name, service in spec.public.items():
        for each in (*_metrics(routes, name, service), *_chosen(spec, routes, name, service)):
            closed.setdefault(each.path, each)
    return tuple(closed[path] for path in sorted(closed))


def service_at(spec: Platform, path: str) -> str | None:
    """Return the service that a request of `path` reaches; None when the entry answers 404."""
    return Routes(spec).service_at(path)


def is_below(path: str, prefix: str) -> bool:
    """True when `path` is `prefix` or a path below it: `/chat/v2` is below `/chat`, `/chatter` is not."""
    plain = prefix.rstrip("/")
    return path == plain or path.startswith(f"{plain}/")


def is_closed(spec: Platform, path: str) -> bool:
    """True when the entry does not forward `path`."""
    return any(is_below(path, each.path) for each in closed_paths(spec))


def hides_documentation(spec: Platform, service: Service) -> bool:
    """True when an AgentOS is to serve no documentation at all: in production, unless its `closed_paths` leave it open."""
    if spec.profile != "production" or service.app != "agentos":
        return False
    closed = service.closed_paths
    return closed is None or any(path.endswith(DOCUMENTATION_PATHS[0]) for path in closed)


def expressions(paths: Iterable[str], frame: str, max_characters: int) -> Iterator[str]:
    """Return regular expressions that match all `paths`: `frame` with `{}` replaced by as many alternatives as fit.

    No group captures, and a plain path has no backslash, as some clouds accept neither.
    """
    escaped = (re.sub(r"[^A-Za-z0-9_~/-]", _literal, path.strip("/")).replace("/", "/+") for path in paths)
    return framed(escaped, frame, max_characters)


def framed(expressions_of_paths: Iterable[str], frame: str, max_characters: int) -> Iterator[str]:
    """Yield `frame` with `{}` replaced by as many of the alternatives as fit, until all have been."""
    alternatives: list[str] = []
    for one in expressions_of_paths:
        if alternatives and len(frame) + len("|".join((*alternatives, one))) > max_characters:
            yield frame.replace("{}", "|".join(alternatives))
            alternatives = []
        alternatives.append(one)
    if alternatives:
        yield frame.replace("{}", "|".join(alternatives))


def _literal(match: re.Match[str]) -> str:
    return "[.]" if match[0] == "." else re.escape(match[0])


def _metrics(routes: Routes, name: str, service: Service) -> Iterator[ClosedPath]:
    path = routed_metrics_path(service)
    if path is not None:
        yield from _routed(routes, name, service, [path.partition("?")[0]], f"services.{name}.metrics.path")


def _chosen(spec: Platform, routes: Routes, name: str, service: Service) -> Iterator[ClosedPath]:
    key = f"services.{name}.closed_paths"
    if service.closed_paths is not None:
        yield from (ClosedPath(path, name, key) for path in service.closed_paths)
        return
    defaults = [DEFAULT_PATH] if service.app == "agentos" else []
    if spec.profile == "production" and service.app in DOCUMENTED_APPS:
        defaults += DOCUMENTATION_PATHS
    for each in _routed(routes, name, service, defaults, key):
        if not routes.leads_below(each.path):
            yield each


def _routed(routes: Routes, name: str, service: Service, paths: Iterable[str], key: str) -> Iterator[ClosedPath]:
    """Forms of `paths` that reach the service: as they are, and below the path of the service, where rules can name that."""
    prefix = (service.path or "").rstrip("/")
    prefix = prefix if PLAIN_PATH.fullmatch(prefix) else ""
    for path in paths:
        forms = (path,) if is_below(path, prefix) and path != prefix else (path, f"{prefix}{path}")
        for form in dict.fromkeys(forms):
            if routes.service_at(form) == name:
                yield ClosedPath(form.rstrip("/") or "/", name, key)
