"""Public entry: Front Door Premium with private links to the regions, a WAF and an optional custom domain.

Requests enter at the nearest edge location, pass the WAF there, and reach the environment of the nearest healthy region
over Microsoft's network. Each public service has a route and an origin group with one origin per region. The link to an
environment must be approved once (`providers/azure/entry/limits.py`). A custom domain is validated by a record in its
zone; Front Door issues and renews the certificate. The first certificate takes minutes, in which the domain answers
with a certificate error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.entry.domain_record import RECORD_TTL_SECONDS, DomainZone, create_domain_record, domain_zone
from providers.azure.entry.firewall import attach_firewall, create_firewall
from providers.azure.entry.gateway import create_gateway_entry
from providers.azure.entry.limits import has_gateway, response_timeout_seconds, validation_record_name
from providers.azure.entry.log_rules import profile_scrubbing
from providers.azure.entry.routes import create_headers, create_origin_group, create_route
from providers.azure.naming import profile_name
from providers.azure.observability.logs import SETTING_NAME, send_to_logs
from providers.azure.workloads import AzureOrigin
from providers.contract.component import Scope
from providers.contract.results import Entry, Origin

SKU = "Premium_AzureFrontDoor"
"""The only tier with private links and managed rules."""


@dataclass(frozen=True)
class AzureEntry(Entry):
    """Public entry; `profile_id` identifies Front Door in metrics."""

    profile_id: pulumi.Output[str]


def create_entry(scope: Scope, context: AzureContext, origins: Mapping[str, Origin]) -> Entry:
    """Declare the entry in front of the regions' environments; `origins` by region are `AzureOrigin`s."""
    regions = {region: origin for region, origin in origins.items() if isinstance(origin, AzureOrigin)}
    if has_gateway(context.spec):
        return create_gateway_entry(scope, context, regions[context.region])
    profile = _profile(scope, context)
    for region, origin in regions.items():
        setting = SETTING_NAME if region == context.region else f"{SETTING_NAME}-{region}"
        send_to_logs(scope, origin.logs, f"diagnostics-{region}", profile.id, setting=setting)
    endpoint = _endpoint(scope, context, profile)
    place = domain_zone(scope, context) if context.spec.ingress.domain else None
    domain = _custom_domain(scope, context, profile, place) if place else None
    headers = create_headers(scope, context, profile) if domain else None
    routes: list[pulumi.Resource] = []
    for name in context.spec.public:
        group = create_origin_group(scope, context, profile, name, regions)
        routes.append(create_route(scope, context, profile, endpoint, name, group, domain, headers))
    firewall = create_firewall(scope, context, SKU)
    attach_firewall(scope, context, profile, firewall, [endpoint.id, *([domain.id] if domain else [])])
    if domain is None or place is None:
        return AzureEntry(url=pulumi.Output.concat("https://", endpoint.host_name), profile_id=profile.id)
    # the host name of the endpoint does not imply that it routes requests
    create_domain_record(scope, context, place, endpoint.host_name, endpoint.id, after=routes)
    return AzureEntry(url=pulumi.Output.from_input(f"https://{context.spec.ingress.domain}"), profile_id=profile.id)


def _profile(scope: Scope, context: AzureContext) -> azure_native.cdn.Profile:
    return azure_native.cdn.Profile(
        scope.named(),
        resource_group_name=context.group,
        # fixed, because log queries refer to it
        profile_name=profile_name(context.stack),
        location=GLOBAL,
        sku=azure_native.cdn.SkuArgs(name=SKU),
        origin_response_timeout_seconds=response_timeout_seconds(context.spec),
        log_scrubbing=profile_scrubbing(),
        tags=dict(scope.tags),
        opts=scope.opts(delete_before_replace=True, protect=context.production),
    )


def _endpoint(scope: Scope, context: AzureContext, profile: azure_native.cdn.Profile) -> azure_native.cdn.AFDEndpoint:
    return azure_native.cdn.AFDEndpoint(
        scope.named("endpoint"),
        resource_group_name=context.group,
        profile_name=profile.name,
        location=GLOBAL,
        enabled_state="Enabled",
        auto_generated_domain_name_label_scope="TenantReuse",
        tags=dict(scope.tags),
        opts=scope.opts(),
    )


def _custom_domain(
    scope: Scope, context: AzureContext, profile: azure_native.cdn.Profile, place: DomainZone
) -> azure_native.cdn.AFDCustomDomain:
    """Custom domain of the profile, and the record that validates it.

    Front Door refers to a zone of its own subscription; the record validates the domain in any zone.
    """
    cdn, zone = azure_native.cdn, context.spec.ingress.zone or ""
    name = context.spec.ingress.domain or ""
    zone_id = f"{place.group_id}/providers/Microsoft.Network/dnszones/{zone}"
    domain = cdn.AFDCustomDomain(
        scope.named("domain"),
        resource_group_name=context.group,
        profile_name=profile.name,
        host_name=name,
        azure_dns_zone=cdn.ResourceReferenceArgs(id=zone_id) if place.provider is None else None,
        tls_settings=cdn.AFDDomainHttpsParametersArgs(
            certificate_type="ManagedCertificate",
            minimum_tls_version=cdn.AfdMinimumTlsVersion.TLS12,
            cipher_suite_set_type="TLS12_2023",
        ),
        opts=scope.opts(),
    )
    token = domain.validation_properties.apply(_validation_token)
    azure_native.dns.RecordSet(
        scope.named("domain-proof"),
        resource_group_name=place.group,
        zone_name=zone,
        record_type="TXT",
        relative_record_set_name=validation_record_name(name, zone),
        ttl=RECORD_TTL_SECONDS,
        txt_records=[azure_native.dns.TxtRecordArgs(value=[token])],
        opts=scope.opts(delete_before_replace=True, provider=place.provider),
    )
    return domain


def _validation_token(properties: azure_native.cdn.outputs.DomainValidationPropertiesResponse) -> str:
    return properties.validation_token
