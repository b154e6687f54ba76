"""The range of addresses handed to Google's network, from which Cloud SQL and Memorystore are reached.

A range can neither grow in place nor overlap a subnet, and a network has one such connection. Its deletion is refused
while a database of it lingers, which can be days; the peering is then removed instead, outside production.
"""

from ipaddress import IPv4Network

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext

SERVICE = "servicenetworking.googleapis.com"


def create_peering(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, block: IPv4Network
) -> pulumi.Output[str] | None:
    """Name of the peered range, known once the peering stands; None when nothing needs one."""
    if context.spec.database is None and context.spec.cache is None:
        return None
    addresses = gcp.compute.GlobalAddress(
        scope.named("private"),
        project=context.project,
        purpose="VPC_PEERING",
        address_type="INTERNAL",
        address=str(block.network_address),
        prefix_length=block.prefixlen,
        network=network.id,
        opts=scope.opts(),
    )
    peering = gcp.servicenetworking.Connection(
        scope.named("peering"),
        network=network.id,
        service=SERVICE,
        reserved_peering_ranges=[addresses.name],
        update_on_creation_fail=True,
        deletion_policy=None if context.production else "REMOVE_PEERING",
        opts=scope.opts(),
    )
    return peering.reserved_peering_ranges[0]
