"""Peering of the networks of two locations, over which their database servers replicate.

Each location declares its half: the peering of its network to the other one, and the link of its database's zone to the
other network. A replica finds its source by name, and after a failover in the opposite direction.
"""

from dataclasses import replace

import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.dns import link_zone
from providers.azure.network.resources import AzureNetwork
from providers.azure.network.zone_names import database_zone
from providers.contract.component import Scope


def connect_networks(scope: Scope, context: AzureContext, network: AzureNetwork, other: AzureNetwork) -> AzureNetwork:
    """Declare the half of one location and return its network with both halves that are declared.

    Nothing is declared without a database, which alone uses the connection.
    """
    if context.spec.database is None or network.parts.vnet is None:
        return network
    peering = azure_native.network.VirtualNetworkPeering(
        scope.named("peering"),
        resource_group_name=context.group,
        virtual_network_name=network.parts.vnet.name,
        remote_virtual_network=azure_native.network.SubResourceArgs(id=other.vnet_id),
        allow_virtual_network_access=True,
        allow_forwarded_traffic=False,
        allow_gateway_transit=False,
        use_remote_gateways=False,
        # Azure rejects concurrent changes of a network (AnotherOperationInProgress)
        opts=scope.opts(depends_on=[*network.parts.subnets, *other.parts.subnets]),
    )
    zone = database_zone(context.place)
    # the name of the zone does not imply that it exists
    link = link_zone(scope, context, "database-zone-other-link", zone, other.vnet_id, after=network.ready)
    connections = (*other.parts.connections, peering, link)
    return replace(network, parts=replace(network.parts, connections=connections))
