"""Tokens and sign-in at the load balancer: endpoints of identity providers, and what it refuses. Pure.

The load balancer reads the keys of tokens, and exchanges the code of a sign-in, over the internet: Elastic Load Balancing, "Verify
JWTs using an Application Load Balancer" and "Authenticate users using an Application Load Balancer".
"""

import re
from collections.abc import Iterator

from providers.contract.authentication import guarded_services, public_patterns
from providers.contract.closed_paths import is_below
from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, displayed
from providers.contract.spec import Auth, Platform, Service, SignInEndpoints

ENTRA = re.compile(r"https://login\.microsoftonline\.com/(?P<tenant>[^/]+)/v2\.0")
OKTA = re.compile(r"https://[\w-]+\.okta(preview)?\.com/oauth2/\w+")
AUTH0 = re.compile(r"(?P<host>https://[\w.-]+\.auth0\.com)/?")
GOOGLE = "https://accounts.google.com"


def sign_in_endpoints(auth: Auth) -> SignInEndpoints | None:
    """Endpoints of the stack file, else those of a provider whose documented addresses follow from the issuer."""
    if auth.endpoints is not None or auth.issuer is None:
        return auth.endpoints
    if match := ENTRA.fullmatch(auth.issuer):
        base = f"https://login.microsoftonline.com/{match['tenant']}/oauth2/v2.0"
        return _endpoints(f"{base}/authorize", f"{base}/token", "https://graph.microsoft.com/oidc/userinfo")
    if match := AUTH0.fullmatch(auth.issuer):
        host = match["host"]
        return _endpoints(f"{host}/authorize", f"{host}/oauth/token", f"{host}/userinfo")
    if OKTA.fullmatch(auth.issuer):
        return _endpoints(*(f"{auth.issuer}/v1/{end}" for end in ("authorize", "token", "userinfo")))
    if auth.issuer == GOOGLE:
        return _endpoints(
            f"{GOOGLE}/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://openidconnect.googleapis.com/v1/userinfo",
        )
    return None


def _endpoints(authorization: str, token: str, user_info: str) -> SignInEndpoints:
    return SignInEndpoints(authorization=authorization, token=token, user_info=user_info)


def sign_in_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse checks of clients that the load balancer cannot make, and smoke tests that it would reject."""
    auth, guarded = spec.ingress.auth, guarded_services(spec)
    if auth is None or auth.mode not in ("jwt", "oidc"):
        return
    if guarded and spec.ingress.domain is None:
        problem = f"{auth.mode} needs HTTPS, and without a domain the load balancer has no certificate"
        yield Unsupported("aws", "ingress.auth.mode", problem, "set ingress.domain")
    yield from _token_refusals(auth) if auth.mode == "jwt" else _user_refusals(auth)
    for name, service in guarded.items():
        smoke = service.rollout.smoke
        if service.rollout.in_steps and smoke is not None and not is_public(service, smoke.path.partition("?")[0]):
            problem = f"smoke tests send no token, and the load balancer requires one at {displayed(smoke.path)}"
            fix = f"list the path in services.{name}.public_paths, or use one that is listed"
            yield Unsupported("aws", f"services.{name}.rollout.smoke.path", problem, fix)


def is_public(service: Service, path: str) -> bool:
    """True for a path that the entry forwards without authentication."""
    return any(path == each or (below and is_below(path, each)) for each, below in public_patterns(service))


def _token_refusals(auth: Auth) -> Iterator[Diagnostic]:
    if auth.public_keys:
        problem = "the load balancer reads public keys from an address only"
        yield Unsupported("aws", "ingress.auth.public_keys", problem, "set ingress.auth.jwks_url instead")
    elif auth.jwks_url is None:
        yield ConfigError("ingress.auth.jwks_url", "missing; the load balancer reads the issuer's keys there", "set it")
    for key in ("client_id", "allowed"):
        if getattr(auth, key):
            problem = "the load balancer compares issuer and audience of a token"
            yield Unsupported("aws", f"ingress.auth.{key}", problem, "remove it, and use a separate audience")


def _user_refusals(auth: Auth) -> Iterator[Diagnostic]:
    for key in ("issuer", "client_id", "client_secret"):
        if getattr(auth, key) is None:
            problem = "missing; the load balancer signs users in with it"
            yield ConfigError(f"ingress.auth.{key}", problem, "set it as your identity provider shows it")
    if auth.issuer is not None and sign_in_endpoints(auth) is None:
        problem = "missing; those of this issuer are not known"
        fix = f"copy them from {auth.issuer.rstrip('/')}/.well-known/openid-configuration"
        yield ConfigError("ingress.auth.endpoints", problem, fix)
    if auth.allowed:
        problem = "the load balancer admits every user of the client"
        yield Unsupported("aws", "ingress.auth.allowed", problem, "remove it, and assign users to the client instead")
