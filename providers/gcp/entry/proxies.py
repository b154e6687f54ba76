"""What clients meet: an address, TLS, and proxies that hand requests to a URL map."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.admission import idle_seconds
from providers.gcp.entry.backends import SCHEME


def create_address(room: Scope, site: GcpContext) -> gcp.compute.GlobalAddress:
    """The address that names point to, so production keeps it from being deleted."""
    return gcp.compute.GlobalAddress(
        room.named("address"),
        project=site.project,
        address_type="EXTERNAL",
        ip_version="IPV4",
        opts=room.opts(protect=site.production),
    )


def serve_https(
    room: Scope,
    site: GcpContext,
    address: pulumi.Output[str],
    urls: gcp.compute.URLMap,
    certificates: pulumi.Output[str],
) -> None:
    """HTTPS on 443; HTTP on 80 only tells clients to come back that way."""
    tls = gcp.compute.SSLPolicy(
        room.named("tls"), project=site.project, profile="MODERN", min_tls_version="TLS_1_2", opts=room.opts()
    )
    proxy = gcp.compute.TargetHttpsProxy(
        room.named("https"),
        project=site.project,
        url_map=urls.id,
        ssl_policy=tls.id,
        certificate_map=certificates,
        http_keep_alive_timeout_sec=idle_seconds(site.spec),
        quic_override="ENABLE",
        # early data can be replayed, and a replayed prompt is paid for twice
        tls_early_data="DISABLED",
        opts=room.opts(),
    )
    _listen(room, site, "https-rule", 443, address, proxy.id)
    serve_http(room, site, address, _redirect(room, site))


def serve_http(room: Scope, site: GcpContext, address: pulumi.Output[str], urls: gcp.compute.URLMap) -> None:
    """HTTP on 80."""
    proxy = gcp.compute.TargetHttpProxy(
        room.named("http"),
        project=site.project,
        url_map=urls.id,
        http_keep_alive_timeout_sec=idle_seconds(site.spec),
        opts=room.opts(),
    )
    _listen(room, site, "http-rule", 80, address, proxy.id)


def _redirect(room: Scope, site: GcpContext) -> gcp.compute.URLMap:
    return gcp.compute.URLMap(
        room.named("redirect"),
        project=site.project,
        default_url_redirect=gcp.compute.URLMapDefaultUrlRedirectArgs(
            https_redirect=True, strip_query=False, redirect_response_code="MOVED_PERMANENTLY_DEFAULT"
        ),
        opts=room.opts(),
    )


def _listen(
    room: Scope, site: GcpContext, part: str, port: int, address: pulumi.Output[str], target: pulumi.Output[str]
) -> None:
    gcp.compute.GlobalForwardingRule(
        room.named(part),
        project=site.project,
        load_balancing_scheme=SCHEME,
        ip_protocol="TCP",
        ip_address=address,
        port_range=str(port),
        target=target,
        opts=room.opts(),
    )
