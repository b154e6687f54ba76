"""Settings of the entry that HAProxy refuses or adjusts wherever it runs. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.haproxy.admission import WAF_RULES, rule_id
from providers.contract.haproxy.tokens import algorithm
from providers.contract.spec import Platform


def haproxy_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Rules to exclude that the entry does not have, and checks of clients that HAProxy cannot make."""
    yield from _rule_refusals(spec)
    yield from _authentication_refusals(spec)


def _rule_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf, known = spec.ingress.waf_settings, [rule_id(name) for name, _ in WAF_RULES]
    for name in waf.exclude_rules if waf else ():
        if name not in known:
            problem = f"{name} is not a rule of this entry"
            yield Unsupported(spec.cloud, "ingress.waf.exclude_rules", problem, f"use {listed(known)}")


def _authentication_refusals(spec: Platform) -> Iterator[Diagnostic]:
    auth = spec.ingress.auth
    if auth is None or auth.mode not in ("jwt", "oidc"):
        return
    if auth.mode == "oidc":
        fix = "use api_key or jwt, or set services.<name>.auth to app where the application signs users in"
        yield Unsupported(spec.cloud, "ingress.auth.mode", "HAProxy does not sign browsers in", fix)
        return
    if auth.jwks_url is not None:
        problem = "HAProxy reads public keys from files and from no address"
        yield Unsupported(
            spec.cloud, "ingress.auth.jwks_url", problem, "list the keys in PEM in ingress.auth.public_keys"
        )
    elif not auth.public_keys:
        problem = "missing; HAProxy verifies signatures with it"
        yield ConfigError("ingress.auth.public_keys", problem, "list the public keys of the issuer in PEM")
    for key in ("client_id", "allowed"):
        if getattr(auth, key):
            problem = "HAProxy compares issuer and audience, and no other claim of a token"
            yield Unsupported(spec.cloud, f"ingress.auth.{key}", problem, "remove it, and use a separate audience")
    for number, key in enumerate(auth.public_keys):
        if algorithm(key) is None:
            problem = "neither an RSA key nor one of the curve P-256"
            yield Unsupported(spec.cloud, f"ingress.auth.public_keys[{number}]", problem, "use RS256 or ES256")


def waf_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Rules of our own in place of managed ones, which inspect no body."""
    waf = spec.ingress.waf_settings
    if waf is not None:
        yield Adjustment(
            "ingress.waf",
            requested=True,
            effect=Effect.ADJUSTED,
            reason=f"{len(WAF_RULES)} HAProxy rules on methods, paths, queries and headers; no managed rule sets",
        )
    if waf is not None and waf.prompts is not None:
        reason = "the rules inspect no body, so prompts are not blocked on any path"
        yield Adjustment("ingress.waf.prompts", list(waf.prompts), Effect.IGNORED, reason)
