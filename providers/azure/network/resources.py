"""VNet with a subnet for the apps, one for the database and one for private endpoints; and NAT gateway.

The apps' subnet is delegated to the Container Apps environment; inbound requests arrive only through Front Door's
private link. Default outbound access is disabled: outbound connections use the NAT gateway, or none. The apps share one
subnet and a subnet has one gateway, so `per_zone` declares one gateway as well. Its address is zone-redundant; the
gateway is in one zone, because the SDK's API version has no zone-redundant SKU.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.limits import ZONES
from providers.azure.context import AzureContext
from providers.azure.network.cidr import address_plan
from providers.azure.network.dns import create_zones
from providers.azure.network.existing_limits import existing_network
from providers.azure.network.firewall import create_firewall, create_route_table
from providers.azure.network.subnets import create_subnets
from providers.azure.network.vnet_reader import existing_ids, existing_vnet_id, read_vnet
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.contract.component import Scope
from providers.contract.egress import checks_names

IDLE_TIMEOUT_MINUTES = 10
"""Longer than the default of 4, because agents wait for models; not longer, because idle connections use SNAT ports."""


@dataclass(frozen=True)
class NetworkParts:
    """Network and its subnets; in a separate class, so that the component does not output them."""

    vnet: azure_native.network.VirtualNetwork | None = None
    """None where the network exists already, which no other location is connected to."""
    subnets: tuple[azure_native.network.Subnet, ...] = ()
    connections: tuple[pulumi.Resource, ...] = ()
    """Peerings and links by which the database servers of two locations reach each other, as far as they are declared."""


@dataclass(frozen=True)
class AzureNetwork:
    """Subnets by their use, private DNS zones, and the resources that make names in them resolve."""

    vnet_id: pulumi.Output[str]
    apps_subnet_id: pulumi.Output[str]
    """Delegated to Container Apps."""
    database_subnet_id: pulumi.Output[str] | None
    """Delegated to PostgreSQL; None without a database."""
    endpoints_subnet_id: pulumi.Output[str] | None
    """Contains the private endpoints; None when `network.private_endpoints` is off."""
    gateway_subnet_id: pulumi.Output[str] | None
    """Contains the Application Gateway; None where Front Door is the entry."""
    zones: Mapping[str, pulumi.Output[str]]
    """Ids of the private DNS zones by name (`privatelink.blob.core.windows.net`)."""
    ready: tuple[pulumi.Resource, ...]
    """Links of the zones to the network; the id of a zone does not imply its link."""
    parts: NetworkParts
    """Resources that a peering changes or waits for."""
    outbound: tuple[pulumi.Resource, ...] = ()
    """Route to the firewall, without which the environment cannot pull its own images; no Output refers to it."""


def create_network(scope: Scope, context: AzureContext, logs: AzureLogs) -> AzureNetwork:
    """Declare VNet, subnets, NAT gateway, and private DNS, or use existing subnets; raises ValueError for an unusable block."""
    if existing_network(context.spec) is not None:
        return _use_network(scope, context)
    spec, plan = context.spec, address_plan(context.spec.network.cidr)
    network = azure_native.network.VirtualNetwork(
        scope.named(),
        resource_group_name=context.group,
        # `subnets` stays unset: the provider would delete the subnets that are declared separately
        address_space=azure_native.network.AddressSpaceArgs(address_prefixes=[str(plan.network)]),
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, "diagnostics", network.id)
    gateway = _nat_gateway(scope, context, logs) if spec.network.egress != "none" else None
    routes = create_route_table(scope, context) if checks_names(spec) else None
    subnets = create_subnets(scope, context, plan, network, gateway, logs, routes)
    last = tuple(subnets.values())
    route = create_firewall(scope, context, plan, network, gateway, routes, logs, after=last) if routes else None
    zones = create_zones(scope, context, network.id)
    database, endpoints, gateway_subnet = (subnets.get(name) for name in ("database", "endpoints", "gateway"))
    return AzureNetwork(
        vnet_id=network.id,
        apps_subnet_id=subnets["apps"].id,
        database_subnet_id=database.id if database else None,
        endpoints_subnet_id=endpoints.id if endpoints else None,
        gateway_subnet_id=gateway_subnet.id if gateway_subnet else None,
        zones=zones.ids,
        ready=zones.links,
        parts=NetworkParts(network, tuple(subnets.values())),
        outbound=(route,) if route else (),
    )


def _use_network(scope: Scope, context: AzureContext) -> AzureNetwork:
    """Declare private zones for existing subnets, whose security groups, routes and gateways are those of their owner."""
    found, ids = read_vnet(scope, context), existing_ids(context)

    def subnet(use: str) -> pulumi.Output[str] | None:
        identity = ids.get(use)
        return found.apply(lambda _: identity) if identity is not None else None

    vnet_id = found.apply(lambda _: existing_vnet_id(context))
    zones = create_zones(scope, context, vnet_id)
    return AzureNetwork(
        vnet_id=vnet_id,
        apps_subnet_id=found.apply(lambda _: ids["apps"]),
        database_subnet_id=subnet("database"),
        endpoints_subnet_id=subnet("endpoints"),
        gateway_subnet_id=subnet("gateway"),
        zones=zones.ids,
        ready=zones.links,
        parts=NetworkParts(),
    )


def _nat_gateway(scope: Scope, context: AzureContext, logs: AzureLogs) -> azure_native.network.NatGateway:
    """NAT gateway with one static address, which third parties can allow."""
    address = azure_native.network.PublicIPAddress(
        scope.named("egress-address"),
        resource_group_name=context.group,
        sku=azure_native.network.PublicIPAddressSkuArgs(name="Standard"),
        public_ip_allocation_method="Static",
        zones=list(ZONES) if context.zonal else None,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    gateway = azure_native.network.NatGateway(
        scope.named("egress"),
        resource_group_name=context.group,
        sku=azure_native.network.NatGatewaySkuArgs(name="Standard"),
        idle_timeout_in_minutes=IDLE_TIMEOUT_MINUTES,
        public_ip_addresses=[azure_native.network.SubResourceArgs(id=address.id)],
        zones=[ZONES[0]] if context.zonal else None,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, "egress-address-diagnostics", address.id)
    send_to_logs(scope, logs, "egress-diagnostics", gateway.id, log_group=None)
    return gateway
