"""Global external Application Load Balancer in front of the regions' endpoint groups.

The anycast address accepts requests near the client and forwards them to the nearest healthy region. Cloud Armor,
certificate, TLS policy and routes are global. With services in a standby region, the backends have the endpoint groups of the region
that serves alone.
Without a domain there is no name for a certificate, so outside production (or with that risk accepted) the address is
served over plain HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp.dns.outputs import GetManagedZonesManagedZoneResult

from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.results import Entry, Origin
from providers.gcp.context import GcpContext
from providers.gcp.entry import routes
from providers.gcp.entry.authentication import grant_access, proxy_settings
from providers.gcp.entry.ingress import GcpOrigin
from providers.gcp.entry.limits import idle_seconds
from providers.gcp.entry.waf import create_security_policy

SCHEME = "EXTERNAL_MANAGED"
"""Scheme of the global external Application Load Balancer; all of its parts must have the same one."""
HSTS = "max-age=31536000; includeSubDomains"
"""Browsers use HTTPS only, for one year."""
MATCHER = "services"
NOT_FOUND = 404
RECORD_TTL_SECONDS = 300

Backends = Mapping[str, gcp.compute.BackendService]


@dataclass(frozen=True)
class GcpEntry(Entry):
    """Public entry; `policy_name` identifies the security policy in metrics."""

    policy_name: pulumi.Output[str]


def create_entry(scope: Scope, context: GcpContext, origins: Mapping[str, Origin]) -> Entry:
    """Create the load balancer over the endpoint groups of `origins`, by region."""
    regions = [
        origin for region, origin in origins.items() if _serves(context, region) and isinstance(origin, GcpOrigin)
    ]
    policy = create_security_policy(scope, context)
    backends = {name: _create_backend(scope, context, name, regions, policy) for name in context.spec.public}
    url_map = _create_url_map(scope, context, backends)
    address = _create_address(scope, context).address
    domain, zone = context.spec.ingress.domain, context.spec.ingress.zone
    if domain is None or zone is None:
        _serve_http(scope, context, address, url_map)
        return GcpEntry(url=pulumi.Output.concat("http://", address), policy_name=policy.name)
    managed_zone = _find_zone(scope, context, zone)
    certificates = _create_certificate_map(scope, context, domain, managed_zone)
    _serve_https(scope, context, address, url_map, certificates)
    _create_domain_record(scope, context, domain, managed_zone, address)
    return GcpEntry(url=pulumi.Output.from_input(f"https://{domain}"), policy_name=policy.name)


def _serves(context: GcpContext, region: str) -> bool:
    """Return whether requests go to a region: the database of the other one, if there is one, does not take writes."""
    return region == (context.spec.active_region if is_warm(context.spec) else context.region)


def _create_backend(
    scope: Scope, context: GcpContext, name: str, origins: Sequence[GcpOrigin], policy: gcp.compute.SecurityPolicy
) -> gcp.compute.BackendService:
    """Create the backend of a public service.

    A serverless backend has no health check, port or timeout: Cloud Run checks its replicas and ends a request at its own
    request timeout, which also limits a stream.
    """
    backend = gcp.compute.BackendService(
        scope.named(name),
        project=context.project,
        load_balancing_scheme=SCHEME,
        protocol="HTTPS",
        backends=[gcp.compute.BackendServiceBackendArgs(group=origin.groups[name]) for origin in origins],
        security_policy=policy.self_link,
        enable_cdn=False,
        iap=proxy_settings(context, name),
        log_config=gcp.compute.BackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
        # a failover moves requests last, and no Output expresses that
        opts=scope.opts(depends_on=[each for origin in origins for each in origin.ready]),
    )
    grant_access(scope, context, name, backend)
    return backend


def _create_url_map(scope: Scope, context: GcpContext, backends: Backends) -> gcp.compute.URLMap:
    """Create the URL map of the domain, or of every host without one; other hosts get status 404.

    The API runs the tests before it accepts the map. A map cannot answer requests, so the 404 is an injected fault in
    front of a backend that no request reaches.
    """
    domain = context.spec.ingress.domain
    return gcp.compute.URLMap(
        scope.named("urls"),
        project=context.project,
        default_service=next(iter(backends.values())).id,
        default_route_action=gcp.compute.URLMapDefaultRouteActionArgs(
            fault_injection_policy=gcp.compute.URLMapDefaultRouteActionFaultInjectionPolicyArgs(
                abort=gcp.compute.URLMapDefaultRouteActionFaultInjectionPolicyAbortArgs(
                    http_status=NOT_FOUND, percentage=100
                )
            )
        ),
        header_action=_hsts_header() if domain else None,
        host_rules=[gcp.compute.URLMapHostRuleArgs(hosts=[domain or "*"], path_matcher=MATCHER)],
        path_matchers=[_path_matcher(context, backends)],
        tests=[
            gcp.compute.URLMapTestArgs(host=domain or "any.example", path=path, service=backends[name].id)
            for path, name in routes.route_tests(context.spec).items()
        ],
        opts=scope.opts(),
    )


def _path_matcher(context: GcpContext, backends: Backends) -> gcp.compute.URLMapPathMatcherArgs:
    default = routes.default_service(context.spec)
    return gcp.compute.URLMapPathMatcherArgs(
        name=MATCHER,
        default_service=backends[default or next(iter(backends))].id,
        default_route_action=None if default else _not_found_action(),
        path_rules=[
            gcp.compute.URLMapPathMatcherPathRuleArgs(
                paths=routes.path_patterns(service.path or ""), service=backends[name].id
            )
            for name, service in context.spec.public.items()
            if name != default
        ],
    )


def _not_found_action() -> gcp.compute.URLMapPathMatcherDefaultRouteActionArgs:
    return gcp.compute.URLMapPathMatcherDefaultRouteActionArgs(
        fault_injection_policy=gcp.compute.URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyArgs(
            abort=gcp.compute.URLMapPathMatcherDefaultRouteActionFaultInjectionPolicyAbortArgs(
                http_status=NOT_FOUND, percentage=100
            )
        )
    )


def _hsts_header() -> gcp.compute.URLMapHeaderActionArgs:
    header = gcp.compute.URLMapHeaderActionResponseHeadersToAddArgs(
        header_name="Strict-Transport-Security", header_value=HSTS, replace=True
    )
    return gcp.compute.URLMapHeaderActionArgs(response_headers_to_adds=[header])


def _create_address(scope: Scope, context: GcpContext) -> gcp.compute.GlobalAddress:
    """Create the public address; production protects it, because DNS records refer to it."""
    return gcp.compute.GlobalAddress(
        scope.named("address"),
        project=context.project,
        address_type="EXTERNAL",
        ip_version="IPV4",
        opts=scope.opts(protect=context.production),
    )


def _serve_https(
    scope: Scope,
    context: GcpContext,
    address: pulumi.Output[str],
    url_map: gcp.compute.URLMap,
    certificates: pulumi.Output[str],
) -> None:
    """Serve HTTPS on port 443, and a redirect to it on port 80."""
    tls = gcp.compute.SSLPolicy(
        scope.named("tls"), project=context.project, profile="MODERN", min_tls_version="TLS_1_2", opts=scope.opts()
    )
    proxy = gcp.compute.TargetHttpsProxy(
        scope.named("https"),
        project=context.project,
        url_map=url_map.id,
        ssl_policy=tls.id,
        certificate_map=certificates,
        http_keep_alive_timeout_sec=idle_seconds(context.spec),
        quic_override="ENABLE",
        # early data can be replayed, and a replayed prompt is billed twice
        tls_early_data="DISABLED",
        opts=scope.opts(),
    )
    _create_forwarding_rule(scope, context, "https-rule", 443, address, proxy.id)
    _serve_http(scope, context, address, _create_redirect(scope, context))


def _serve_http(scope: Scope, context: GcpContext, address: pulumi.Output[str], url_map: gcp.compute.URLMap) -> None:
    proxy = gcp.compute.TargetHttpProxy(
        scope.named("http"),
        project=context.project,
        url_map=url_map.id,
        http_keep_alive_timeout_sec=idle_seconds(context.spec),
        opts=scope.opts(),
    )
    _create_forwarding_rule(scope, context, "http-rule", 80, address, proxy.id)


def _create_redirect(scope: Scope, context: GcpContext) -> gcp.compute.URLMap:
    return gcp.compute.URLMap(
        scope.named("redirect"),
        project=context.project,
        default_url_redirect=gcp.compute.URLMapDefaultUrlRedirectArgs(
            https_redirect=True, strip_query=False, redirect_response_code="MOVED_PERMANENTLY_DEFAULT"
        ),
        opts=scope.opts(),
    )


def _create_forwarding_rule(
    scope: Scope, context: GcpContext, part: str, port: int, address: pulumi.Output[str], proxy: pulumi.Output[str]
) -> None:
    gcp.compute.GlobalForwardingRule(
        scope.named(part),
        project=context.project,
        load_balancing_scheme=SCHEME,
        ip_protocol="TCP",
        ip_address=address,
        port_range=str(port),
        target=proxy,
        opts=scope.opts(),
    )


def zone_project(context: GcpContext) -> str:
    """Return the project of the DNS zone."""
    account = context.spec.ingress.dns_account
    return account.gcp if account is not None and account.gcp is not None else context.project


def _find_zone(scope: Scope, context: GcpContext, dns_name: str) -> pulumi.Output[str]:
    """Look up the resource name of a project's public zone `dns_name`; it differs from the DNS name."""
    project = zone_project(context)
    zones = gcp.dns.get_managed_zones_output(
        project=project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).managed_zones
    return zones.apply(lambda values: zone_name(values, dns_name, project))


def zone_name(zones: Sequence[GetManagedZonesManagedZoneResult], dns_name: str, project: str) -> str:
    """Return the resource name of the public zone `dns_name`; LookupError when the project has none."""
    for zone in zones:
        if zone.dns_name == f"{dns_name}." and zone.visibility == "public" and zone.name:
            return zone.name
    raise LookupError(
        f"ingress.dns_zone: the project {project} has no public DNS zone {dns_name}. Create it or name another zone."
    )


def _create_certificate_map(
    scope: Scope, context: GcpContext, domain: str, zone: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Create a managed certificate for `domain`; return the link of its certificate map.

    A DNS record in the zone authorizes the certificate, so it is issued before the domain resolves to the load balancer.
    """
    authorization = gcp.certificatemanager.DnsAuthorization(
        scope.named("proof"), project=context.project, domain=domain, opts=scope.opts()
    )
    record = authorization.dns_resource_records[0]
    gcp.dns.RecordSet(
        scope.named("proof-record"),
        project=zone_project(context),
        managed_zone=zone,
        name=record.name.apply(str),
        type=record.type.apply(str),
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[record.data.apply(str)],
        opts=scope.opts(),
    )
    certificate = gcp.certificatemanager.Certificate(
        scope.named("certificate"),
        project=context.project,
        managed=gcp.certificatemanager.CertificateManagedArgs(domains=[domain], dns_authorizations=[authorization.id]),
        opts=scope.opts(),
    )
    certificate_map = gcp.certificatemanager.CertificateMap(
        scope.named("certificates"), project=context.project, opts=scope.opts()
    )
    gcp.certificatemanager.CertificateMapEntry(
        scope.named("certificate-of-domain"),
        project=context.project,
        map=certificate_map.name,
        hostname=domain,
        certificates=[certificate.id],
        opts=scope.opts(),
    )
    return pulumi.Output.concat("//certificatemanager.googleapis.com/", certificate_map.id)


def _create_domain_record(
    scope: Scope, context: GcpContext, domain: str, zone: pulumi.Output[str], address: pulumi.Output[str]
) -> None:
    gcp.dns.RecordSet(
        scope.named("name"),
        project=zone_project(context),
        managed_zone=zone,
        name=f"{domain}.",
        type="A",
        ttl=RECORD_TTL_SECONDS,
        rrdatas=[address],
        opts=scope.opts(),
    )
