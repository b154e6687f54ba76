"""Settings of the entry that a Docker host adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.haproxy.admission import WAF_RULES, rule_id
from providers.contract.haproxy.tokens import algorithm
from providers.contract.spec import Platform
from providers.docker.context import LOOPBACK


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Rules to exclude that the entry does not have, and checks of clients that HAProxy cannot make."""
    return [*_rule_refusals(spec), *_authentication_refusals(spec)]


def _rule_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf, known = spec.ingress.waf_settings, [rule_id(name) for name, _ in WAF_RULES]
    for name in waf.exclude_rules if waf else ():
        if name not in known:
            problem = f"{name} is not a rule of this entry"
            yield Unsupported("docker", "ingress.waf.exclude_rules", problem, f"use {listed(known)}")


def _authentication_refusals(spec: Platform) -> Iterator[Diagnostic]:
    auth = spec.ingress.auth
    if auth is None or auth.mode not in ("jwt", "oidc"):
        return
    if auth.mode == "oidc":
        fix = "use api_key or jwt, or set services.<name>.auth to app where the application signs users in"
        yield Unsupported("docker", "ingress.auth.mode", "HAProxy does not sign browsers in", fix)
        return
    if auth.jwks_url is not None:
        problem = "HAProxy reads public keys from files and from no address"
        yield Unsupported(
            "docker", "ingress.auth.jwks_url", problem, "list the keys in PEM in ingress.auth.public_keys"
        )
    elif not auth.public_keys:
        problem = "missing; HAProxy verifies signatures with it"
        yield ConfigError("ingress.auth.public_keys", problem, "list the public keys of the issuer in PEM")
    for key in ("client_id", "allowed"):
        if getattr(auth, key):
            problem = "HAProxy compares issuer and audience, and no other claim of a token"
            yield Unsupported("docker", f"ingress.auth.{key}", problem, "remove it, and use a separate audience")
    for number, key in enumerate(auth.public_keys):
        if algorithm(key) is None:
            problem = "neither an RSA key nor one of the curve P-256"
            yield Unsupported("docker", f"ingress.auth.public_keys[{number}]", problem, "use RS256 or ES256")


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """WAF, domain and DNS zone of a platform with a public service."""
    return list(_adjustments(spec)) if spec.public else []


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    waf = ingress.waf_settings
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
    if ingress.domain is not None:
        yield Adjustment(
            "ingress.domain",
            requested=ingress.domain,
            effect=Effect.PARTIAL,
            reason=(
                "the certificate is signed by the stack's own authority, and no DNS record is created; let your DNS or "
                f"the clients' hosts file resolve the name to this host{_unreachable(spec)}"
            ),
        )
    if ingress.dns_zone is not None:
        yield Adjustment(
            "ingress.dns_zone",
            requested=ingress.dns_zone,
            effect=Effect.IGNORED,
            reason="no DNS record is created on docker",
        )


def _unreachable(spec: Platform) -> str:
    """Clause for an entry that other machines cannot reach."""
    if spec.docker is not None and spec.docker.bind != LOOPBACK:
        return ""
    return f". The entry accepts connections on {LOOPBACK} only; docker.bind: 0.0.0.0 opens it to other machines"
