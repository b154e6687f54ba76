"""Rules over the paths that the entry does not forward, which depend on the paths of all services."""

from collections.abc import Iterator

from providers.contract.closed_paths import Routes, closed_paths, is_below
from providers.contract.diagnostics import ConfigError, displayed
from providers.contract.spec import Platform


def check_closed_paths(spec: Platform) -> Iterator[ConfigError]:
    """Refuse closed paths that no route leads to, that another service has, and that close a route or the service itself."""
    routes = Routes(spec)
    for name, service in spec.services.items():
        yield from _unroutable(spec, routes, name, service.closed_paths or ())
    for closed in closed_paths(spec):
        for name in routes.services_below(closed.path):
            problem = f"{displayed(closed.path)} closes {displayed(spec.services[name].path)}, the path of {name}"
            fix = "use a path below it, or remove `path` from a service that is not public"
            yield ConfigError(closed.key, problem, fix)


def _unroutable(spec: Platform, routes: Routes, name: str, paths: tuple[str, ...]) -> Iterator[ConfigError]:
    key, own = f"services.{name}.closed_paths", spec.services[name].path
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield ConfigError(key, f"{displayed(path)} is listed twice", "list it once")
    if paths and own is None:
        problem = "the service has no `path`, so the entry forwards nothing to it"
        yield ConfigError(key, problem, "remove closed_paths, or set the path")
        return
    for path in dict.fromkeys(paths):
        owner = routes.service_at(path)
        if owner is not None and owner != name:
            problem = f"{displayed(path)} is a path of {owner}"
            yield ConfigError(key, problem, f"list it under services.{owner}.closed_paths")
        elif owner is None and own is not None and not is_below(own, path):
            problem = f"no route leads to {displayed(path)}; the paths of the service begin with {displayed(own)}"
            yield ConfigError(key, problem, "write the path as clients request it, or remove it")
