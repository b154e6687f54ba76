"""Authentication of the clients of public services: credentials of each service, and the services that get the key. Pure.

A key is checked by the application, which is the one check that works the same on every cloud and keeps the key out of the
configuration of load balancers. AgentOS reads it from a variable (agno 3.1.10, `AgnoAPISettings.os_security_key`); of other
applications the platform cannot know whether they check it. A cloud whose entry can check a mode itself does so besides,
once the stack file has `ingress.auth`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import TYPE_CHECKING

from providers.contract.capabilities import ENTRY_CHECKS
from providers.contract.presets import App, AuthMode
from providers.contract.resource_traits import AGENTOS_KEY, API_KEY

if TYPE_CHECKING:  # the command line checks secrets at its start, without the specification
    from providers.contract.spec import Platform, Service

AUTHENTICATION = "ingress.auth"
"""Key of the risk of a public service without authentication."""
AGENTOS_JWT = ("JWT_VERIFICATION_KEY", "JWT_JWKS_FILE")
"""Variables with which Agno's AgentOS (3.1.10) answers requests without a bearer token by 401; `/health` and `/info` stay open
(https://docs.agno.com/agent-os/security)."""
KEY_VARIABLES: Mapping[App, str] = {"agentos": AGENTOS_KEY, "fastapi": API_KEY, "django": API_KEY, "custom": API_KEY}
"""Variable of the key by kind of application; the others have users with browsers, which send no key."""
HOST = "docker"
"""Cloud on which `up` generates the key and keeps it in the stack file: a stack of one machine has one user."""
MIN_KEY_CHARACTERS = 32


@dataclass(frozen=True)
class Authentication:
    """Authentication of one public service, as the plan prints it; empty when the platform knows of none."""

    by: str
    at_entry: bool = False
    """True when the entry refuses a request before the service sees it."""

    def __str__(self) -> str:
        return f"{self.by} at the entry" if self.at_entry else self.by


def auth_mode(spec: Platform) -> AuthMode:
    """Mode of the stack file, else the default: a key in production and on a Docker host."""
    if spec.ingress.auth is not None:
        return spec.ingress.auth.mode
    asked = spec.profile == "production" or spec.cloud == HOST
    return "api_key" if asked and AUTHENTICATION not in spec.accept_risk and is_open_to_the_internet(spec) else "none"


def is_checked_at_entry(spec: Platform, service: Service) -> bool:
    """True when the entry of the cloud checks the clients of a public service; a default mode changes no entry."""
    if spec.ingress.auth is None or service.path is None or service.auth != "inherit":
        return False
    return not spec.has_bare_gateway and spec.ingress.auth.mode in ENTRY_CHECKS[spec.cloud]


def guarded_services(spec: Platform) -> dict[str, Service]:
    """Return the services whose clients the entry checks, in the order of the routes."""
    return {name: service for name, service in spec.public.items() if is_checked_at_entry(spec, service)}


def authentication_of(spec: Platform, service: Service) -> Authentication:
    """Return the authentication of the clients of a public service."""
    if service.auth == "none":
        return Authentication("")
    own = _own_variable(service)
    if service.auth == "app":
        return Authentication(own or "the application itself")
    if is_checked_at_entry(spec, service):
        return Authentication(_checked(spec, service), at_entry=True)
    return Authentication(own)


def _checked(spec: Platform, service: Service) -> str:
    """Credentials that the entry requires of the clients of a service."""
    auth = spec.ingress.auth
    if auth is None or auth.mode == "api_key":
        return key_variable(service)
    issuer = f" of {auth.issuer}" if auth.issuer else ""
    return f"tokens{issuer}" if auth.mode == "jwt" else f"sign-in{issuer}"


def answers_with_a_redirect(service: Service) -> bool:
    """True for pages that people open; a client of an API gets 401, as it could not follow a redirect to a sign-in."""
    return service.app not in ("agentos", "fastapi")


def sign_in_secrets(spec: Platform) -> tuple[str, ...]:
    """Secrets that the entry needs for the sign-in of browsers."""
    auth = spec.ingress.auth
    used = auth is not None and auth.mode == "oidc" and auth.client_secret is not None and guarded_services(spec)
    return (auth.client_secret,) if auth is not None and auth.client_secret and used else ()


def unchecked_variable(spec: Platform, service: Service) -> str:
    """Variable of a key that a public service receives and may or may not check; empty for other services."""
    written = spec.ingress.auth is not None and spec.ingress.auth.mode == "api_key" and service.auth != "none"
    known = authentication_of(spec, service)
    variable = key_variable(service)
    return variable if written and variable == API_KEY and not known.at_entry else ""


def public_patterns(service: Service) -> Iterator[tuple[str, bool]]:
    """Yield the public paths of a service, and whether each includes all paths below it."""
    for path in service.public_paths:
        yield (path.removesuffix("*").rstrip("/") or "/", True) if path.endswith("/*") else (path, False)


def is_open_to_the_internet(spec: Platform) -> bool:
    """True when the entry accepts requests from every address."""
    ranges = collapse_addresses(IPv4Network(each) for each in spec.ingress.allowed_cidrs)
    return any(each.prefixlen == 0 for each in ranges)


def key_variable(service: Service) -> str:
    """Variable by which a service knows the key; empty for applications whose clients send none."""
    return KEY_VARIABLES.get(service.app, "")


def keyed_services(spec: Platform) -> Iterator[str]:
    """Yield the public services that get the key without listing it; without `ingress.auth` only those known to check it."""
    if auth_mode(spec) != "api_key":
        return
    for name, service in spec.public.items():
        variable = key_variable(service)
        if service.auth == "none" or not variable or (spec.ingress.auth is None and variable != AGENTOS_KEY):
            continue
        if variable not in service.secrets and not _own_variable(service):
            yield name


def key_readers(spec: Platform) -> dict[str, tuple[str, ...]]:
    """Return the services that get a key by its variable: those that check it, and those that call them.

    Every AgentOS with the variable checks it, also one that is a caller, so its callers get the key too.
    """
    readers: dict[str, list[str]] = {}
    for name in keyed_services(spec):
        readers.setdefault(key_variable(spec.services[name]), []).append(name)
    for variable, names in readers.items():
        for name in tuple(names) if variable == API_KEY else names:  # the list of an AgentOS grows by the callers
            names += [caller for caller in spec.callers_of(name) if caller not in names]
    return {variable: tuple(names) for variable, names in readers.items()}


def with_generated_keys(spec: Platform) -> Platform:
    """Return the spec in which the services of `key_readers` list the key, and which keys the platform generates."""
    readers = key_readers(spec)
    services = {
        name: service.model_copy(update={"secrets": tuple(dict.fromkeys((*service.secrets, *_keys_of(name, readers))))})
        for name, service in spec.services.items()
    }
    generated = tuple(key for key in readers if not spec.readers_of(key))
    return spec.model_copy(update={"services": services}).generating(generated) if readers else spec


def keys_of_up(spec: Platform) -> tuple[str, ...]:
    """Return the keys that `up` generates and stores in the stack file when they have no value."""
    if spec.cloud != HOST:
        return ()
    listed = any(spec.services[name].app == "agentos" for name in spec.readers_of(AGENTOS_KEY))
    return tuple(dict.fromkeys((*((AGENTOS_KEY,) if listed else ()), *spec.generated_keys)))


def keys_of_program(spec: Platform) -> tuple[str, ...]:
    """Return the keys that the program generates when the stack file has no value of them."""
    return () if spec.cloud == HOST else spec.generated_keys


def _keys_of(name: str, readers: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(key for key, names in readers.items() if name in names)


def _own_variable(service: Service) -> str:
    """Variable by which an AgentOS is known to require authentication; empty for none and for other applications."""
    if service.app != "agentos":
        return ""
    if AGENTOS_KEY in service.secrets:
        return AGENTOS_KEY
    names = {*service.secrets, *service.environment}
    return next((name for name in AGENTOS_JWT if name in names), "")
