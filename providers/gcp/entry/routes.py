"""Which path leads where, as the URL map writes it. Pure.

A path rule matches its own path or, with a closing `/*`, all below it, and the longest wins by itself: no priorities
to keep. `/` is what the map falls back to; without a service there, what no rule takes is answered 404.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.spec import Platform

PATH_CHARACTERS = 1024 - len("/*")
"""Length of a path rule: URL maps API, `pathMatchers[].pathRules[].paths[]`."""
MOST_TESTS = 100
"""Tests of one URL map: URL maps API, `tests[]`."""


def prefix(path: str) -> str:
    """The path without a closing slash; empty for `/`."""
    return path.rstrip("/")


def patterns(path: str) -> list[str]:
    """Path rules of a prefix below `/`: itself and all below it, never a longer word (`/chat` is not `/chatter`)."""
    return [prefix(path), f"{prefix(path)}/*"]


def leads_to(spec: Platform, path: str) -> str | None:
    """The service that a request of `path` reaches; None when the entry answers 404."""
    for name, service in spec.public.items():
        start = prefix(service.path or "")
        if path == start or path.startswith(f"{start}/"):
            return name
    return None


def fallback(spec: Platform) -> str | None:
    """The service at `/`, which takes what no longer path does."""
    return leads_to(spec, "/")


def proofs(spec: Platform) -> dict[str, str]:
    """Paths and the service that the map must send them to: both ends of every rule."""
    ends = [prefix(service.path or "") + end for service in spec.public.values() for end in ("", "/below")]
    reached = {path or "/": leads_to(spec, path or "/") for path in ends}
    return {path: name for path, name in list(reached.items())[:MOST_TESTS] if name}


def checked(spec: Platform, name: str) -> tuple[str, tuple[str, ...]]:
    """The path that an outside check asks of a service, and the classes of answers that prove it works.

    Its health path where that leads to it, and nothing but success will do; else its own path, where an interface may
    well answer that it wants another method or a login, but not that something is broken.
    """
    service = spec.services[name]
    if service.health.path is not None and leads_to(spec, service.health.path) == name:
        return service.health.path, ("STATUS_CLASS_2XX",)
    return service.path or "/", ("STATUS_CLASS_2XX", "STATUS_CLASS_3XX", "STATUS_CLASS_4XX")


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Paths that a URL map cannot express."""
    return list(_path_refusals(spec))


def _path_refusals(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.public.items():
        path = service.path or ""
        if len(path) > PATH_CHARACTERS or not path.isascii() or "//" in path:
            advice = (
                f"a path rule takes up to {PATH_CHARACTERS} ASCII characters and no empty segment; shorten the path"
            )
            yield legacy_unsupported("gcp", f"services.{name}.path", path, advice)
