"""Settings of the entry that a Docker host adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect
from providers.contract.haproxy.admission import haproxy_refusals, waf_adjustments
from providers.contract.spec import Platform
from providers.docker.context import LOOPBACK


def entry_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Rules to exclude that the entry does not have, and checks of clients that HAProxy cannot make."""
    return list(haproxy_refusals(spec))


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """WAF, domain and DNS zone of a platform with a public service."""
    return list(_adjustments(spec)) if spec.public else []


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    yield from waf_adjustments(spec)
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
