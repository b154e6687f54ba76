"""The public name: one global load balancer over the regions' endpoint groups.

An address in Google's own network takes requests near the client and carries them to the nearest region that stands.
Cloud Armor, certificate, TLS policy and routes hang on it and are global: a second region adds endpoint groups to the
backends and nothing else. Without a domain there is no name that a certificate could be for, so outside production
(or with that risk accepted) the address is served over plain HTTP.
"""

from collections.abc import Mapping

import pulumi

from providers.contract.component import Scope
from providers.contract.results import Entry, Origin
from providers.gcp.context import GcpContext
from providers.gcp.entry.armor import create_policy
from providers.gcp.entry.backends import create_backend
from providers.gcp.entry.certificate import create_certificate_map, find_zone, point_to
from providers.gcp.entry.ingress import GcpOrigin
from providers.gcp.entry.proxies import create_address, serve_http, serve_https
from providers.gcp.entry.url_map import create_url_map


def create_entry(scope: Scope, context: GcpContext, origins: Mapping[str, Origin]) -> Entry:
    """One load balancer over the endpoint groups of `origins`, which are by region."""
    groups = [origin for origin in origins.values() if isinstance(origin, GcpOrigin)]
    policy = create_policy(scope, context)
    backends = {name: create_backend(scope, context, name, groups, policy) for name in context.spec.public}
    urls = create_url_map(scope, context, backends)
    address = create_address(scope, context).address
    domain, zone = context.spec.ingress.domain, context.spec.ingress.zone
    if domain is None or zone is None:
        serve_http(scope, context, address, urls)
        return Entry(url=pulumi.Output.concat("http://", address))
    managed_zone = find_zone(scope, context, zone)
    serve_https(scope, context, address, urls, create_certificate_map(scope, context, domain, managed_zone))
    point_to(scope, context, domain, managed_zone, address)
    return Entry(url=pulumi.Output.from_input(f"https://{domain}"))
