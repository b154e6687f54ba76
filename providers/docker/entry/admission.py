"""Who is let in, and what is turned away before a service sees it. Pure.

The rules of `WAF` are HAProxy's own conditions on a request's method, path, query and headers. They stand where a cloud
has managed rule sets, are few, and look at no body.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Platform

ANYWHERE = "0.0.0.0/0"
WAF: tuple[tuple[str, str], ...] = (
    ("methods that no API needs", "{ method TRACE CONNECT TRACK DEBUG }"),
    ("climbing out of a folder", "{ path,url_dec -m sub ../ }"),
    ("zero bytes", "{ url -i -m sub %00 }"),
    ("hidden files", r"{ path,url_dec -m reg /\.(git|svn|hg|env|aws|ssh)(/|$) }"),
    ("scripts in a query", "{ query,url_dec -i -m sub <script javascript: }"),
    ("SQL in a query", r"{ query,url_dec,lower -m reg union[\s+]+(all[\s+]+)?select }"),
    ("scanners that tell their name", "{ req.hdr(user-agent) -i -m sub sqlmap nikto masscan nuclei zgrab }"),
)
"""What is refused with 403, and HAProxy's condition for it."""


def open_to_all(spec: Platform) -> bool:
    """True when any client address may connect."""
    return ANYWHERE in spec.ingress.allowed_cidrs


def entry_adjustments(spec: Platform) -> list[Adjustment]:
    """Where the entry protects and names in its own way."""
    return list(_adjustments(spec)) if spec.public else []


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    ingress = spec.ingress
    if ingress.waf:
        given = f"{len(WAF)} rules of the proxy's own on methods, paths, queries and clients: no managed rule sets"
        yield legacy_adjustment("ingress.waf", True, given)
    if ingress.domain is not None:
        given = (
            "the name in the certificate of the platform's own authority; the name must lead to this machine by a "
            "line of the hosts file or by your DNS"
        )
        yield legacy_adjustment("ingress.domain", ingress.domain, given)
    if ingress.dns_zone is not None:
        yield legacy_adjustment("ingress.dns_zone", ingress.dns_zone, "nothing: no record is written anywhere")
