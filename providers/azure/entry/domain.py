"""A name of one's own: proved by a record in its zone, certified and renewed by Front Door, and led there.

Azure issues the certificate when it finds the proof, which takes minutes; until then the name answers with an error of
the certificate.
"""

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.routes import proof_name, record_name
from providers.contract.component import Scope

RECORD_TTL_SECONDS = 300


def create_domain(
    scope: Scope, context: AzureContext, profile: azure_native.cdn.Profile
) -> azure_native.cdn.AFDCustomDomain:
    """The domain in the profile, and the proof that it is ours."""
    cdn, zone = azure_native.cdn, context.spec.ingress.zone or ""
    name = context.spec.ingress.domain or ""
    zone_id = f"/subscriptions/{context.subscription_id}/resourceGroups/{context.block.dns_group}"
    domain = cdn.AFDCustomDomain(
        scope.named("domain"),
        resource_group_name=context.group,
        profile_name=profile.name,
        host_name=name,
        azure_dns_zone=cdn.ResourceReferenceArgs(id=f"{zone_id}/providers/Microsoft.Network/dnszones/{zone}"),
        tls_settings=cdn.AFDDomainHttpsParametersArgs(
            certificate_type="ManagedCertificate",
            minimum_tls_version=cdn.AfdMinimumTlsVersion.TLS12,
            cipher_suite_set_type="TLS12_2023",
        ),
        opts=scope.opts(),
    )
    azure_native.dns.RecordSet(
        scope.named("domain-proof"),
        resource_group_name=context.block.dns_group,
        zone_name=zone,
        record_type="TXT",
        relative_record_set_name=proof_name(name, zone),
        ttl=RECORD_TTL_SECONDS,
        txt_records=[azure_native.dns.TxtRecordArgs(value=[domain.validation_properties.apply(_token)])],
        opts=scope.opts(delete_before_replace=True),
    )
    return domain


def _token(known: azure_native.cdn.outputs.DomainValidationPropertiesResponse) -> str:
    return known.validation_token


def point_to(scope: Scope, context: AzureContext, endpoint: azure_native.cdn.AFDEndpoint) -> None:
    """The record that leads the domain to Front Door; a zone's own name takes no CNAME, so Azure keeps its addresses."""
    dns, zone = azure_native.dns, context.spec.ingress.zone or ""
    name = record_name(context.spec.ingress.domain or "", zone)
    apex = name == "@"
    dns.RecordSet(
        scope.named("domain-record"),
        resource_group_name=context.block.dns_group,
        zone_name=zone,
        record_type="A" if apex else "CNAME",
        relative_record_set_name=name,
        ttl=RECORD_TTL_SECONDS,
        cname_record=None if apex else dns.CnameRecordArgs(cname=endpoint.host_name),
        target_resource=dns.SubResourceArgs(id=endpoint.id) if apex else None,
        opts=scope.opts(delete_before_replace=True),
    )
