"""Sign-in by Identity-Aware Proxy (IAP): members who may call, and what it refuses. Pure.

IAP guards a whole backend of the load balancer, before any path is known to it (Identity-Aware Proxy documentation, "Enable IAP
for Cloud Run behind a load balancer"). Machines send an ID token of Google in `Authorization` or `Proxy-Authorization`.
"""

from collections.abc import Iterator

from providers.contract.authentication import authentication_of, guarded_services
from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported
from providers.contract.spec import Auth, Platform

ISSUER = "https://accounts.google.com"
MEMBER_KINDS = ("domain", "group", "user", "serviceAccount")
"""Kinds of members of an IAM policy that name people or machines one by one or by organization."""


def members(auth: Auth) -> tuple[str, ...]:
    """Members of the IAM policy of `allowed`: a domain, or a group by its address; other kinds are written with their prefix."""
    return tuple(dict.fromkeys(_member(entry) for entry in auth.allowed))


def _member(entry: str) -> str:
    if ":" in entry:
        return entry
    return f"group:{entry}" if "@" in entry else f"domain:{entry}"


def sign_in_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse tokens, which the load balancer does not verify, and what IAP cannot do."""
    auth = spec.ingress.auth
    if auth is not None and auth.mode == "jwt":
        yield from _token_refusals(spec)
    if auth is None or auth.mode != "oidc":
        return
    if spec.ingress.domain is None and guarded_services(spec):
        problem = "IAP needs HTTPS, and without a domain the load balancer has no certificate"
        yield Unsupported("gcp", "ingress.auth.mode", problem, "set ingress.domain")
    yield from _iap_refusals(auth)
    for name, service in guarded_services(spec).items():
        if service.public_paths:
            problem = "IAP guards a whole service, and no path of it"
            fix = "move the paths to another service, or set auth to app"
            yield Unsupported("gcp", f"services.{name}.public_paths", problem, fix)


def _token_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse services whose tokens nothing would verify; an AgentOS with the issuer's keys does so itself."""
    for name, service in spec.public.items():
        if service.auth == "inherit" and not authentication_of(spec, service).by:
            fix = f"set services.{name}.auth to app where the code verifies tokens"
            if service.app == "agentos":
                fix += ", or give AgentOS the issuer's keys in JWT_VERIFICATION_KEY or JWT_JWKS_FILE"
            yield Unsupported("gcp", "ingress.auth.mode", f"the load balancer verifies no token for {name}", fix)


def _iap_refusals(auth: Auth) -> Iterator[Diagnostic]:
    if not auth.allowed:
        problem = "missing; IAP admits no user without it"
        yield ConfigError(
            "ingress.auth.allowed", problem, "list domains, groups or members, such as group:team@example.com"
        )
    for entry in auth.allowed:
        kind, colon, _ = entry.partition(":")
        if colon and kind not in MEMBER_KINDS:
            problem = f"{kind} is not a kind of member that IAP admits by name"
            yield Unsupported("gcp", "ingress.auth.allowed", problem, f"use one of {', '.join(MEMBER_KINDS)}")
    if auth.issuer not in (None, ISSUER):
        problem = "IAP signs users in with Google accounts"
        yield Unsupported("gcp", "ingress.auth.issuer", problem, f"remove it, or write {ISSUER}")
    if auth.endpoints is not None:
        yield Unsupported("gcp", "ingress.auth.endpoints", "IAP knows those of Google", "remove it")
    if (auth.client_id is None) != (auth.client_secret is None):
        missing = "client_secret" if auth.client_secret is None else "client_id"
        problem = "missing; a custom client has both"
        yield ConfigError(
            f"ingress.auth.{missing}", problem, "set it, or remove both for the client that Google manages"
        )
