"""Rules over the authentication of clients, which depend on the paths and the kinds of all services."""

from collections.abc import Iterator

from providers.contract.authentication import auth_mode, key_variable, public_patterns
from providers.contract.closed_paths import is_below, is_closed, service_at
from providers.contract.diagnostics import ConfigError, displayed
from providers.contract.resource_traits import CLIENT_KEYS
from providers.contract.spec import Platform, Service


def check_authentication_modes(spec: Platform) -> Iterator[ConfigError]:
    """Refuse authentication of services that nobody can call from outside, and a key that browsers would have to send."""
    for name, service in spec.services.items():
        key = f"services.{name}.auth"
        if service.path is None and service.auth != "inherit":
            problem = "the service has no `path`, so the entry forwards nothing to it"
            yield ConfigError(key, problem, "remove auth, or set the path")
        keyed = spec.ingress.auth is not None and auth_mode(spec) == "api_key"
        if keyed and service.path is not None and service.auth == "inherit" and not key_variable(service):
            problem = f"{service.app} has users with browsers, which send no key"
            yield ConfigError(key, problem, "set it to app or none")


def check_plain_keys(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the key of clients as a plain variable: everybody who reads the stack file would know it."""
    for name, service in spec.services.items():
        for variable in CLIENT_KEYS:
            if service.path is not None and variable in service.environment and variable == key_variable(service):
                fix = f"remove it, or list {variable} under services.{name}.secrets and run `agent-platform secret set`"
                yield ConfigError(f"services.{name}.environment.{variable}", "the key of clients in clear text", fix)


def check_public_paths(spec: Platform) -> Iterator[ConfigError]:
    """Refuse public paths that no route leads to, that are closed or another service's, and that are the whole service."""
    for name, service in spec.services.items():
        if service.public_paths:
            yield from _mistakes(spec, name, service)


def _mistakes(spec: Platform, name: str, service: Service) -> Iterator[ConfigError]:
    key, own = f"services.{name}.public_paths", service.path
    if own is None:
        problem = "the service has no `path`, so the entry forwards nothing to it"
        yield ConfigError(key, problem, "remove public_paths, or set the path")
        return
    if service.auth != "inherit":
        problem = f"no effect with `auth: {service.auth}`, with which the entry lets every request through"
        yield ConfigError(key, problem, "remove it")
    for path in sorted({path for path in service.public_paths if service.public_paths.count(path) > 1}):
        yield ConfigError(key, f"{displayed(path)} is listed twice", "list it once")
    written = dict(zip(public_patterns(service), service.public_paths, strict=False))
    for (path, below), text in written.items():
        owner = service_at(spec, path)
        if is_below(own, path) and (below or path.rstrip("/") == own.rstrip("/")):
            problem = f"{displayed(text)} opens the service to anybody"
            yield ConfigError(key, problem, f"name single paths, or set services.{name}.auth to none")
        elif owner is not None and owner != name:
            problem = f"{displayed(text)} is a path of {owner}"
            yield ConfigError(key, problem, f"list it under services.{owner}.public_paths")
        elif not is_below(path, own):
            problem = f"no route leads to {displayed(text)}; the paths of the service begin with {displayed(own)}"
            yield ConfigError(key, problem, "write the path as clients request it, or remove it")
        elif is_closed(spec, path):
            problem = f"the entry closes {displayed(text)}, and answers it with 404"
            yield ConfigError(key, problem, "remove it, or leave the path out of closed_paths")
