"""Private endpoints: a private address for an Azure service, which its public name resolves to in the network."""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.context import AzureContext
from providers.azure.network.resources import AzureNetwork
from providers.azure.network.zone_names import ZONE_BY_SUBRESOURCE
from providers.contract.component import Scope


def private_endpoint(
    scope: Scope,
    context: AzureContext,
    network: AzureNetwork,
    part: str,
    resource_id: pulumi.Input[str],
    subresource: str,
    after: Sequence[pulumi.Resource] = (),
) -> tuple[pulumi.CustomResource, ...]:
    """Declare the endpoint and DNS record of one resource; nothing unless private endpoints are enabled.

    `subresource` is vault, blob, registry, redisEnterprise or account. Resources that resolve the name depend on the
    result. The endpoint is created after `after`: other changes of the same resource, which the API does not accept
    concurrently.
    """
    if network.endpoints_subnet_id is None:
        return ()
    endpoint = azure_native.network.PrivateEndpoint(
        scope.named(part),
        resource_group_name=context.group,
        subnet=azure_native.network.SubnetArgs(id=network.endpoints_subnet_id),
        private_link_service_connections=[
            azure_native.network.PrivateLinkServiceConnectionArgs(
                name=part, private_link_service_id=resource_id, group_ids=[subresource]
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
                name=subresource.lower(), private_dns_zone_id=network.zones[ZONE_BY_SUBRESOURCE[subresource]]
            )
        ],
        # the zone id does not imply the zone's link to the network
        opts=scope.opts(depends_on=list(network.ready)),
    )
    return endpoint, records
