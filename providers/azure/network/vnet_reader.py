"""Existing VNet as its subscription describes it: read by provider functions, checked before any resource depends on it.

The functions read one object each, so that a missing VNet or subnet fails with the words of Azure, which name it. What the
platform declares refers to the Output of the checks, so that nothing is created in a network that does not fit.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.existing_checks import AzureSubnetFacts, AzureVnetFacts, checked, names_of
from providers.azure.network.existing_limits import existing_network, subnet_id, used_subnets, vnet_of
from providers.contract.component import Scope


def read_vnet(scope: Scope, context: AzureContext) -> pulumi.Output[AzureVnetFacts]:
    """Return the existing VNet; the Output fails with InvalidConfiguration where it does not fit the platform."""
    opts, ids = pulumi.InvokeOutputOptions(parent=scope.parent), existing_ids(context)
    group, vnet, _ = names_of(ids["apps"])
    location = azure_native.network.get_virtual_network_output(
        resource_group_name=group, virtual_network_name=vnet, opts=opts
    ).location
    subnets = pulumi.Output.all(**{use: _subnet(identity, opts) for use, identity in ids.items()})

    def facts(read: Mapping[str, Any]) -> AzureVnetFacts:
        return checked(context.spec, AzureVnetFacts(read["location"], read["subnets"]))

    return pulumi.Output.all(location=location, subnets=subnets).apply(facts)


def existing_ids(context: AzureContext) -> Mapping[str, str]:
    """Return the IDs of the subnets that the platform uses, by their use; raises ValueError for a missing one."""
    block = existing_network(context.spec)
    ids = {use: subnet_id(block, use) for use in used_subnets(context.spec)} if block is not None else {}
    present = {use: identity for use, identity in ids.items() if identity is not None}
    if not present or len(present) < len(ids):
        raise ValueError("a subnet is missing")
    return present


def existing_vnet_id(context: AzureContext) -> str:
    """Return the ID of the VNet of the subnets."""
    return vnet_of(existing_ids(context)["apps"])


def _subnet(identity: str, opts: pulumi.InvokeOutputOptions) -> pulumi.Output[AzureSubnetFacts]:
    group, vnet, name = names_of(identity)
    read = azure_native.network.get_subnet_output(
        resource_group_name=group, virtual_network_name=vnet, subnet_name=name, opts=opts
    )
    return read.apply(
        lambda subnet: AzureSubnetFacts(
            prefixes=tuple(subnet.address_prefixes or filter(None, [subnet.address_prefix])),
            delegations=tuple(each.service_name or "" for each in subnet.delegations or ()),
            service_endpoints=tuple(each.service or "" for each in subnet.service_endpoints or ()),
            has_way_out=subnet.nat_gateway is not None or subnet.route_table is not None,
        )
    )
