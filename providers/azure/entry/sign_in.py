"""Authentication of Container Apps with Microsoft Entra ID: its settings, and what it refuses or adjusts. Pure.

Neither entry checks a client, so each guarded app has the platform's own authentication container in front of it (Microsoft
Learn, "Authentication and authorization in Azure Container Apps"). It guards the ingress of the app, which callers inside the
environment use too.
"""

import re
from collections.abc import Iterator

from providers.azure.entry.limits import entry_brand
from providers.contract.authentication import guarded_services, public_patterns
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.spec import Auth, Platform, Service

ENTRA = re.compile(r"https://(login\.microsoftonline\.com/[\w.-]+/v2\.0|sts\.windows\.net/[\w-]+/)")
"""Issuers of the tokens of Entra ID, of version 2 and of version 1."""
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SIGN_IN_SECRET = "sign-in-secret"  # noqa: S105  # a name
"""Secret of an app with the client's password."""


def open_paths(service: Service) -> list[str]:
    """Paths without authentication: the public ones, and that of the entry's health probe, which sends no token."""
    paths = (path for path, _ in public_patterns(service))
    return list(dict.fromkeys((*paths, service.health.path or "/")))


def authentication_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse identity providers other than Entra ID, and services that could not be called or probed."""
    return list(_refusals(spec))


def _refusals(spec: Platform) -> Iterator[Diagnostic]:
    auth = spec.ingress.auth
    if auth is None or auth.mode not in ("jwt", "oidc"):
        return
    yield from _provider_refusals(auth)
    for name, service in guarded_services(spec).items():
        callers = spec.callers_of(name)
        if callers:
            problem = f"{listed(callers, 'and')} would need tokens as well: authentication guards calls inside the network too"
            fix = f"set services.{name}.auth to app, or split the service"
            yield Unsupported("azure", f"services.{name}.auth", problem, fix)
        if any(below for _, below in public_patterns(service)):
            problem = "authentication excludes single paths, and none with everything below it"
            yield Unsupported("azure", f"services.{name}.public_paths", problem, "list each path")
        smoke = service.rollout.smoke
        if service.rollout.in_steps and smoke is not None and smoke.path.partition("?")[0] not in open_paths(service):
            problem = "smoke tests send no token, and the app requires one at their path"
            fix = f"list the path in services.{name}.public_paths"
            yield Unsupported("azure", f"services.{name}.rollout.smoke.path", problem, fix)
        if service.health.path in (None, "/"):
            problem = f"{entry_brand(spec)} probes the health path without a token, and `/` is the whole service"
            yield Unsupported("azure", f"services.{name}.health.path", problem, "set a separate path, such as /health")


def _provider_refusals(auth: Auth) -> Iterator[Diagnostic]:
    needed = ("issuer", "client_id", *(("client_secret",) if auth.mode == "oidc" else ()))
    for key in needed:
        if getattr(auth, key) is None:
            problem = "missing; authentication with Entra ID needs it"
            yield ConfigError(f"ingress.auth.{key}", problem, "set it as the app registration shows it")
    if auth.issuer is not None and not ENTRA.fullmatch(auth.issuer):
        problem = "authentication of Container Apps verifies tokens of Microsoft Entra ID only"
        fix = "use https://login.microsoftonline.com/TENANT/v2.0, or set services.<name>.auth to app"
        yield Unsupported("azure", "ingress.auth.issuer", problem, fix)
    for key in ("jwks_url", "public_keys", "endpoints"):
        if getattr(auth, key):
            yield Unsupported("azure", f"ingress.auth.{key}", "Entra ID publishes it for the issuer", "remove it")
    for entry in auth.allowed:
        if not GUID.fullmatch(entry):
            kind = "client IDs of applications" if auth.mode == "jwt" else "object IDs of groups"
            problem = f"Entra ID knows {kind} as GUIDs"
            yield Unsupported("azure", "ingress.auth.allowed", problem, "copy them from the Entra admin center")


def authentication_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what is open for probes, and preflight requests."""
    return list(_adjustments(spec))


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    auth = spec.ingress.auth
    for name, service in guarded_services(spec).items():
        if auth is not None:
            reason = (
                f"{service.health.path} of {name} is open to every client, as {entry_brand(spec)} probes it without a token; a "
                "preflight request of a browser (OPTIONS) passes only if Container Apps lets it through"
            )
            yield Adjustment("ingress.auth.mode", requested=auth.mode, effect=Effect.PARTIAL, reason=reason)
