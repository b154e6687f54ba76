"""The way out: one NAT gateway with one address that outsiders can allow; none when `egress` is none.

The apps share one subnet and a subnet takes one gateway, so `per_zone` is one gateway as well. Its address spans the
zones; the gateway itself stands in one, for the SDK's API knows no zone-redundant kind.
"""

import pulumi_azure_native as azure_native

from providers.azure.base.locations import ZONES
from providers.azure.context import AzureContext
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.observability.logs import Logs
from providers.contract.component import Scope

IDLE_MINUTES = 10
"""Longer than Azure's 4, because agents wait for models; 10 is enough, as idle connections take the gateway's ports."""


def create_egress(scope: Scope, context: AzureContext, logs: Logs) -> azure_native.network.NatGateway | None:
    """The gateway and its address."""
    if context.spec.network.egress == "none":
        return None
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
        idle_timeout_in_minutes=IDLE_MINUTES,
        public_ip_addresses=[azure_native.network.SubResourceArgs(id=address.id)],
        zones=[ZONES[0]] if context.zonal else None,
        tags=dict(scope.tags),
        opts=scope.opts(),
    )
    send_to_logs(scope, logs, "egress-address-diagnostics", address.id)
    send_to_logs(scope, logs, "egress-diagnostics", gateway.id, log_group=None)
    return gateway
