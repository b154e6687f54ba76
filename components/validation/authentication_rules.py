"""Rules over the authentication of clients, which depend on the paths and the kinds of all services."""

from collections.abc import Iterator

from providers.contract.authentication import auth_mode, guarded_services, key_variable, public_patterns
from providers.contract.closed_paths import Routes, is_below, is_closed
from providers.contract.diagnostics import ConfigError, displayed
from providers.contract.resource_traits import AGENTOS_KEY, CLIENT_KEYS
from providers.contract.spec import Platform, Service

MODE_KEYS = {
    "none": frozenset[str](),
    "api_key": frozenset[str](),
    "jwt": frozenset({"issuer", "audience", "jwks_url", "public_keys", "client_id", "allowed"}),
    "oidc": frozenset({"issuer", "client_id", "client_secret", "endpoints", "allowed"}),
}
"""Keys of `ingress.auth` that each mode uses on some cloud."""


def check_authentication_keys(spec: Platform) -> Iterator[ConfigError]:
    """Refuse keys of another mode, tokens that any issuer or application could have, and an issuer that matches no token."""
    auth = spec.ingress.auth
    if auth is None:
        return
    used = MODE_KEYS[auth.mode] | {"mode"}
    for key in sorted(auth.model_fields_set - used):
        yield ConfigError(f"ingress.auth.{key}", f"no effect with `mode: {auth.mode}`", "remove it")
    if auth.mode == "jwt":
        for key, value in (("issuer", auth.issuer), ("audience", auth.audience)):
            if value is None:
                problem = "missing; without it, the tokens of other issuers or applications would be accepted"
                yield ConfigError(f"ingress.auth.{key}", problem, f"set it to the claim `{key[:3]}` of your tokens")
    if auth.issuer is not None and ends_with_a_needless_slash(auth.issuer):
        problem = "ends with a slash, and the claim `iss` is compared exactly"
        yield ConfigError("ingress.auth.issuer", problem, f"write {auth.issuer.rstrip('/')}")


def ends_with_a_needless_slash(issuer: str) -> bool:
    """True for an issuer with a trailing slash, except those that have one: a bare host (Auth0) and Entra's tokens of version 1."""
    host, _, path = issuer.removeprefix("https://").partition("/")
    return issuer.endswith("/") and host != "sts.windows.net" and (bool(path) or host == "accounts.google.com")


def check_two_authentications(spec: Platform) -> Iterator[ConfigError]:
    """Refuse an AgentOS that would answer the clients that the entry admits with 401: it reads the same header."""
    for name, service in guarded_services(spec).items():
        if spec.ingress.auth is not None and spec.ingress.auth.mode != "api_key" and AGENTOS_KEY in service.secrets:
            problem = f"AgentOS would refuse clients without {AGENTOS_KEY}, and the entry requires something else"
            yield ConfigError(f"services.{name}.secrets", problem, f"remove it, or set services.{name}.auth to app")


def check_authentication_modes(spec: Platform) -> Iterator[ConfigError]:
    """Refuse authentication of services without a route, and a key that browsers would have to send."""
    for name, service in spec.services.items():
        key = f"services.{name}.auth"
        if service.path is None and service.auth != "inherit":
            problem = "the service has no `path`, so the entry forwards nothing to it"
            yield ConfigError(key, problem, "remove auth, or set the path")
        sent = {"api_key": "key", "jwt": "token"}.get(auth_mode(spec)) if spec.ingress.auth is not None else None
        if sent and service.path is not None and service.auth == "inherit" and not key_variable(service):
            problem = f"{service.app} has users with browsers, which send no {sent}"
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
    routes = Routes(spec)
    for name, service in spec.services.items():
        if service.public_paths:
            yield from _mistakes(spec, routes, name, service)


def _mistakes(spec: Platform, routes: Routes, name: str, service: Service) -> Iterator[ConfigError]:
    key, own = f"services.{name}.public_paths", service.path
    if own is None:
        problem = "the service has no `path`, so the entry forwards nothing to it"
        yield ConfigError(key, problem, "remove public_paths, or set the path")
        return
    if service.auth != "inherit":
        problem = f"no effect with `auth: {service.auth}`, with which the entry forwards every request"
        yield ConfigError(key, problem, "remove it")
    for path in sorted({path for path in service.public_paths if service.public_paths.count(path) > 1}):
        yield ConfigError(key, f"{displayed(path)} is listed twice", "list it once")
    written = dict(zip(public_patterns(service), service.public_paths, strict=False))
    for (path, below), text in written.items():
        owner = routes.service_at(path)
        if is_below(own, path) and (below or path.rstrip("/") == own.rstrip("/")):
            problem = f"{displayed(text)} opens the service to every client"
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
