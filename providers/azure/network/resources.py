"""Isolation and ways out: one VNet with a subnet for the apps, one for the database, one for private endpoints.

Services live in the apps' subnet, which belongs to the Container Apps environment alone; the world reaches them through
Front Door's private link and no other way. A subnet spans all zones, so there are no tiers a zone. What Azure would let
out by default (`default_outbound_access`) is closed: the way out is the NAT gateway, or none. What is decided without
the cloud (addresses, rules, limits) stands in `providers/azure/topology`.
"""

import pulumi_azure_native as azure_native

from providers.azure.base.keys import AzureKeys
from providers.azure.context import AzureContext
from providers.azure.network.cidr import layout
from providers.azure.network.dns import create_zones
from providers.azure.network.egress import create_egress
from providers.azure.network.flow_logs import create_flow_logs
from providers.azure.network.results import AzureNetwork
from providers.azure.network.subnets import create_subnets
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope

__all__ = ["AzureNetwork", "create_network"]


def create_network(scope: Scope, context: AzureContext, keys: AzureKeys, logs: Logs) -> AzureNetwork:
    """VNet, subnets, NAT, private DNS and flow logs; raises ValueError for a block it cannot cut."""
    spec, plan = context.spec, layout(context.spec.network.cidr)
    network = azure_native.network.VirtualNetwork(
        scope.named(),
        resource_group_name=context.group,
        # subnets stay unset, for the provider would else take away those that are declared by themselves
        address_space=azure_native.network.AddressSpaceArgs(address_prefixes=[str(plan.network)]),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, "diagnostics", network.id)
    gateway = create_egress(scope, context, logs)
    subnets = create_subnets(scope, context, plan, network, gateway, logs)
    zones = create_zones(scope, context, network)
    if spec.network.flow_logs:
        create_flow_logs(scope, context, logs, network)
    database, endpoints = subnets.get("database"), subnets.get("endpoints")
    return AzureNetwork(
        vnet_id=network.id,
        apps_subnet_id=subnets["apps"].id,
        database_subnet_id=database.id if database else None,
        endpoints_subnet_id=endpoints.id if endpoints else None,
        zones=zones.ids,
        ready=zones.links,
    )
