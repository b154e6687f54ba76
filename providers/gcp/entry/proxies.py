"""What clients meet: an address, TLS, and proxies that hand requests to a URL map."""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.entry.admission import idle_seconds
from providers.gcp.entry.backends import SCHEME


def create_address(scope: Scope, context: GcpContext) -> gcp.compute.GlobalAddress:
    """The address that names point to, so production keeps it from being deleted."""
    return gcp.compute.GlobalAddress(
        scope.named("address"),
        project=context.project,
        address_type="EXTERNAL",
        ip_version="IPV4",
        opts=scope.opts(protect=context.production),
    )


def serve_https(
    scope: Scope,
    context: GcpContext,
    address: pulumi.Output[str],
    urls: gcp.compute.URLMap,
    certificates: pulumi.Output[str],
) -> None:
    """HTTPS on 443; HTTP on 80 only tells clients to come back that way."""
    tls = gcp.compute.SSLPolicy(
        scope.named("tls"), project=context.project, profile="MODERN", min_tls_version="TLS_1_2", opts=scope.opts()
    )
    proxy = gcp.compute.TargetHttpsProxy(
        scope.named("https"),
        project=context.project,
        url_map=urls.id,
        ssl_policy=tls.id,
        certificate_map=certificates,
        http_keep_alive_timeout_sec=idle_seconds(context.spec),
        quic_override="ENABLE",
        # early data can be replayed, and a replayed prompt is paid for twice
        tls_early_data="DISABLED",
        opts=scope.opts(),
    )
    _listen(scope, context, "https-rule", 443, address, proxy.id)
    serve_http(scope, context, address, _redirect(scope, context))


def serve_http(scope: Scope, context: GcpContext, address: pulumi.Output[str], urls: gcp.compute.URLMap) -> None:
    """HTTP on 80."""
    proxy = gcp.compute.TargetHttpProxy(
        scope.named("http"),
        project=context.project,
        url_map=urls.id,
        http_keep_alive_timeout_sec=idle_seconds(context.spec),
        opts=scope.opts(),
    )
    _listen(scope, context, "http-rule", 80, address, proxy.id)


def _redirect(scope: Scope, context: GcpContext) -> gcp.compute.URLMap:
    return gcp.compute.URLMap(
        scope.named("redirect"),
        project=context.project,
        default_url_redirect=gcp.compute.URLMapDefaultUrlRedirectArgs(
            https_redirect=True, strip_query=False, redirect_response_code="MOVED_PERMANENTLY_DEFAULT"
        ),
        opts=scope.opts(),
    )


def _listen(
    scope: Scope, context: GcpContext, part: str, port: int, address: pulumi.Output[str], target: pulumi.Output[str]
) -> None:
    gcp.compute.GlobalForwardingRule(
        scope.named(part),
        project=context.project,
        load_balancing_scheme=SCHEME,
        ip_protocol="TCP",
        ip_address=address,
        port_range=str(port),
        target=target,
        opts=scope.opts(),
    )
