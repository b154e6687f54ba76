"""Path rules of the URL map. Pure.

A path rule matches its own path or, with a trailing `/*`, every path below it. The longest match wins, so rules need no
priorities. The service at `/` is the default; without one, the map answers unmatched paths with 404.
"""

from providers.contract.authentication import is_checked_at_entry
from providers.contract.closed_paths import Routes, is_closed, service_at
from providers.contract.spec import Platform

MAX_TESTS = 100
"""Tests of one URL map: URL maps API, `tests[]`."""


def path_patterns(path: str) -> list[str]:
    """Path rules of a prefix: the path and every path below it, but not a longer word (`/chat`, not `/chatter`)."""
    return [_prefix(path), f"{_prefix(path)}/*"]


def default_service(spec: Platform) -> str | None:
    """Service at `/`, which receives every path that no longer rule matches."""
    return service_at(spec, "/")


def route_tests(spec: Platform) -> dict[str, str]:
    """Return test paths and their services: the path of each rule and one path below it."""
    paths = [_prefix(service.path or "") + end for service in spec.public.values() for end in ("", "/below")]
    routes = Routes(spec)
    services = {path or "/": routes.service_at(path or "/") for path in paths}
    return {path: name for path, name in list(services.items())[:MAX_TESTS] if name}


def uptime_target(spec: Platform, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the path that an uptime check requests from a service, and the accepted status classes.

    The health path, if the service is reached at it from outside, must return 2xx. Otherwise the service's own path is checked, where
    an API may require another method or authentication, so every status below 500 is accepted. A service whose clients sign in at
    the entry has no other path.
    """
    service = spec.services[name]
    health = service.health.path
    asked = is_checked_at_entry(spec, service)
    if health is not None and service_at(spec, health) == name and not is_closed(spec, health) and not asked:
        return health, ("STATUS_CLASS_2XX",)
    return service.path or "/", ("STATUS_CLASS_2XX", "STATUS_CLASS_3XX", "STATUS_CLASS_4XX")


def _prefix(path: str) -> str:
    """Path without a trailing slash; empty for `/`."""
    return path.rstrip("/")
