"""Private DNS zones: the public names of Azure services resolve to their private addresses in the network.

A zone serves only the networks that are linked to it. The id of a zone does not imply its link, so resources that
resolve a name in it also depend on the link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import GLOBAL, AzureContext
from providers.azure.network.existing_limits import existing_network
from providers.azure.network.zone_names import ZONE_BY_SUBRESOURCE, private_zones
from providers.contract.component import Scope


@dataclass(frozen=True)
class PrivateDnsZones:
    """Ids by the zone's name, and the links to the network."""

    ids: Mapping[str, pulumi.Output[str]]
    links: tuple[pulumi.Resource, ...]


def create_zones(scope: Scope, context: AzureContext, network_id: pulumi.Output[str]) -> PrivateDnsZones:
    """Declare a zone and its link for each service that the platform reaches privately, unless the owner of the network has it."""
    block = existing_network(context.spec)
    group = block.private_dns_group_id if block is not None else None
    ids: dict[str, pulumi.Output[str]] = {}
    links: list[pulumi.Resource] = []
    for part, name in private_zones(context.spec, context.place).items():
        if group is not None and name in ZONE_BY_SUBRESOURCE.values():
            zone_id = f"{group}/providers/Microsoft.Network/privateDnsZones/{name}"
            ids[name] = pulumi.Output.from_input(zone_id)
            continue
        zone = azure_native.privatedns.PrivateZone(
            scope.named(f"{part}-zone"),
            resource_group_name=context.group,
            private_zone_name=name,
            location=GLOBAL,
            tags=dict(scope.tags),
            opts=scope.opts(delete_before_replace=True),
        )
        ids[name] = zone.id
        links.append(link_zone(scope, context, f"{part}-zone-link", zone.name, network_id))
    return PrivateDnsZones(ids, tuple(links))


def link_zone(
    scope: Scope,
    context: AzureContext,
    part: str,
    zone: pulumi.Input[str],
    network_id: pulumi.Input[str],
    after: Sequence[pulumi.Resource] = (),
) -> azure_native.privatedns.VirtualNetworkLink:
    """Link a zone of this location to a network, which may be that of the other location."""
    return azure_native.privatedns.VirtualNetworkLink(
        scope.named(part),
        resource_group_name=context.group,
        private_zone_name=zone,
        location=GLOBAL,
        registration_enabled=False,
        virtual_network=azure_native.privatedns.SubResourceArgs(id=network_id),
        tags=dict(scope.tags),
        opts=scope.opts(depends_on=after),
    )
