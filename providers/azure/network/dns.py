"""Private DNS: under their public names, Azure's services answer in the network by their private addresses.

A zone serves only networks that are linked to it. The id of a zone does not tell that the link stands, so whoever
resolves a name in it waits for the link too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.image_sources import own_images
from providers.azure.context import GLOBAL, AzureContext
from providers.azure.network.private_zones import private_zones
from providers.contract.component import Scope


@dataclass(frozen=True)
class Zones:
    """Ids by the zone's name, and the links to the network."""

    ids: Mapping[str, pulumi.Output[str]]
    links: tuple[pulumi.Resource, ...]


def create_zones(scope: Scope, context: AzureContext, network: azure_native.network.VirtualNetwork) -> Zones:
    """A zone and its link for each service that the platform reaches privately."""
    ids: dict[str, pulumi.Output[str]] = {}
    links: list[pulumi.Resource] = []
    for part, name in private_zones(context.spec, context.stack, own_registry=bool(own_images(context.spec))).items():
        zone = azure_native.privatedns.PrivateZone(
            scope.named(f"{part}-zone"),
            resource_group_name=context.group,
            private_zone_name=name,
            location=GLOBAL,
            tags=dict(scope.tags),
            opts=scope.opts(delete_before_replace=True),
        )
        link = azure_native.privatedns.VirtualNetworkLink(
            scope.named(f"{part}-zone-link"),
            resource_group_name=context.group,
            private_zone_name=zone.name,
            location=GLOBAL,
            registration_enabled=False,
            virtual_network=azure_native.privatedns.SubResourceArgs(id=network.id),
            tags=dict(scope.tags),
            opts=scope.opts(),
        )
        ids[name] = zone.id
        links.append(link)
    return Zones(ids, tuple(links))
