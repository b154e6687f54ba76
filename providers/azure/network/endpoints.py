"""Private endpoints: an address in the network for one of Azure's own services, under the service's public name."""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.private_zones import ZONE_OF_GROUP
from providers.azure.network.results import AzureNetwork
from providers.contract.component import Scope


def private_endpoint(
    scope: Scope,
    context: AzureContext,
    network: AzureNetwork,
    part: str,
    resource_id: pulumi.Input[str],
    group: str,
    after: Sequence[pulumi.Resource] = (),
) -> tuple[pulumi.CustomResource, ...]:
    """Endpoint and DNS record of one resource, in the order in which they stand; nothing without private endpoints.

    `group` is the resource's sub-resource: vault, blob, registry, redisEnterprise, account. Whoever resolves the
    resource's name waits for what is returned. `after` is what changes the resource and cannot do so beside this.
    """
    if network.endpoints_subnet_id is None:
        return ()
    endpoint = azure_native.network.PrivateEndpoint(
        scope.named(part),
        resource_group_name=context.group,
        subnet=azure_native.network.SubnetArgs(id=network.endpoints_subnet_id),
        private_link_service_connections=[
            azure_native.network.PrivateLinkServiceConnectionArgs(
                name=part, private_link_service_id=resource_id, group_ids=[group]
            )
        ],
        tags=dict(scope.tags),
        opts=scope.opts(depends_on=after),
    )
    records = azure_native.network.PrivateDnsZoneGroup(
        scope.named(f"{part}-records"),
        resource_group_name=context.group,
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        private_dns_zone_configs=[
            azure_native.network.PrivateDnsZoneConfigArgs(
                name=group.lower(), private_dns_zone_id=network.zones[ZONE_OF_GROUP[group]]
            )
        ],
        # the zone's id does not tell that the network may resolve names in it
        opts=scope.opts(depends_on=list(network.ready)),
    )
    return endpoint, records
