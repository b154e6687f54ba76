"""Isolation and ways out: one VPC with a subnet for services, a peered range for data, a firewall that denies.

Subnet, NAT and Cloud Run are regional: zones need no tiers of their own. Services enter the network by Direct VPC
egress with all their traffic, so that firewall, flow log and NAT see every connection, those to Google's own services
too. Requests from the world never touch the network: the load balancer hands them to Cloud Run directly. What is
decided without the cloud (addresses, flows, limits) stands in `providers/gcp/topology`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.base.keys import GcpKeys
from providers.gcp.context import GcpContext
from providers.gcp.naming import network_tag
from providers.gcp.network.cidr import layout
from providers.gcp.network.dns import create_names
from providers.gcp.network.egress import create_egress
from providers.gcp.network.firewall import create_firewall
from providers.gcp.network.peering import create_peering

__all__ = ["GcpNetwork", "create_network"]

MTU_BYTES = 1460
FLOW_SAMPLING = 0.5
"""Share of flows that are recorded: Compute Engine's default, and a third of the price of all of them is kept."""


@dataclass(frozen=True)
class GcpNetwork:
    """The network, its subnet for services, and what they must wait for before they start."""

    network_id: pulumi.Output[str]
    """`projects/P/global/networks/N`."""
    subnet_id: pulumi.Output[str]
    """Subnet of the services' Direct VPC egress, which takes all their traffic (`ALL_TRAFFIC`)."""
    tags: Mapping[str, str]
    """Network tag by service: the firewall rules of a service name it."""
    private_range: pulumi.Output[str] | None
    """Name of the range that Cloud SQL and Memorystore take addresses from, known once it is peered."""
    ready: tuple[pulumi.Resource, ...]
    """Routes, NAT, names and rules that a service needs to start; no Output says so."""


def create_network(scope: Scope, context: GcpContext, keys: GcpKeys) -> GcpNetwork:
    """VPC with one subnet for services, a peered range for data, a firewall that denies by default.

    Raises ValueError for a block it cannot cut. `keys` stay untouched: the flow log lies in Cloud Logging's bucket.
    """
    plan = layout(context.spec.network.cidr)
    network = gcp.compute.Network(
        scope.named(),
        project=context.project,
        auto_create_subnetworks=False,
        # the default route leads everywhere; `egress` lays the routes that are asked for instead
        delete_default_routes_on_create=True,
        routing_mode="REGIONAL",
        mtu=MTU_BYTES,
        network_firewall_policy_enforcement_order="AFTER_CLASSIC_FIREWALL",
        deletion_policy=context.deletion_policy,
        opts=scope.opts(),
    )
    subnet = _subnet(scope, context, network, str(plan.services))
    tags = {name: network_tag(context.stack, name) for name in context.spec.services}
    egress = create_egress(scope, context, network, subnet)
    names = create_names(scope, context, network)
    rules = create_firewall(scope, context, network, tags)
    return GcpNetwork(
        network_id=network.id,
        subnet_id=subnet.id,
        tags=tags,
        private_range=create_peering(scope, context, network, plan.private),
        ready=(*egress, *names, *rules),
    )


def _subnet(scope: Scope, context: GcpContext, network: gcp.compute.Network, cidr: str) -> gcp.compute.Subnetwork:
    log = gcp.compute.SubnetworkLogConfigArgs(
        aggregation_interval="INTERVAL_5_SEC", flow_sampling=FLOW_SAMPLING, metadata="INCLUDE_ALL_METADATA"
    )
    return gcp.compute.Subnetwork(
        scope.named("services"),
        project=context.project,
        region=context.region,
        network=network.id,
        ip_cidr_range=cidr,
        private_ip_google_access=True,
        stack_type="IPV4_ONLY",
        log_config=log if context.spec.network.flow_logs else None,
        # Cloud Run gives its addresses back an hour or two after its services are gone
        opts=scope.opts(custom_timeouts=pulumi.CustomTimeouts(delete="2h")),
    )
