"""DNS records of the domain, in a zone that may be in another resource group or subscription.

The record of the domain is the same resource for both entries, so that a change of the entry updates it in place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.entry.limits import record_name
from providers.contract.component import Scope

RECORD_TTL_SECONDS = 300


@dataclass(frozen=True)
class DomainZone:
    """Resource group of the zone, and the provider of its subscription where that is not the stack's."""

    group_id: str
    provider: azure_native.Provider | None

    @property
    def group(self) -> str:
        """Name of the resource group."""
        return self.group_id.rpartition("/")[2]


def domain_zone(scope: Scope, context: AzureContext) -> DomainZone:
    """Return the place of the zone, with a provider for a zone of another subscription."""
    subscription = context.dns_group_id.split("/")[2]
    if subscription.lower() == context.subscription_id.lower():
        return DomainZone(context.dns_group_id, None)
    provider = azure_native.Provider(
        scope.named("dns"),
        subscription_id=subscription,
        tenant_id=context.tenant_id,
        location=context.region,
        opts=scope.opts(),
    )
    return DomainZone(context.dns_group_id, provider)


def create_domain_record(
    scope: Scope,
    context: AzureContext,
    place: DomainZone,
    host_name: pulumi.Input[str],
    target_id: pulumi.Input[str],
    after: Sequence[pulumi.Resource] = (),
) -> None:
    """Declare the record of the domain; the apex of a zone cannot have a CNAME, so it is an alias of the resource `target_id`.

    It is changed after `after`, which a client of the record then needs.
    """
    dns, zone = azure_native.dns, context.spec.ingress.zone or ""
    name = record_name(context.spec.ingress.domain or "", zone)
    apex = name == "@"
    dns.RecordSet(
        scope.named("domain-record"),
        resource_group_name=place.group,
        zone_name=zone,
        record_type="A" if apex else "CNAME",
        relative_record_set_name=name,
        ttl=RECORD_TTL_SECONDS,
        cname_record=None if apex else dns.CnameRecordArgs(cname=host_name),
        target_resource=dns.SubResourceArgs(id=target_id) if apex else None,
        opts=scope.opts(depends_on=after, delete_before_replace=True, provider=place.provider),
    )
