"""VPC network with a subnet for services, a peered range for data services, and a firewall that denies by default.

Subnet, NAT and Cloud Run are regional, so zones need no separate subnets. Services send all of their traffic through
Direct VPC egress, so that firewall, flow log and NAT apply to every connection, including those to Google APIs. Requests
from the internet do not use the network: the load balancer forwards them to Cloud Run directly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.naming import network_tag
from providers.gcp.network.cidr import address_plan
from providers.gcp.network.egress import create_dns, create_egress, create_nat
from providers.gcp.network.flows import INTERNET, GcpFlow, flows
from providers.gcp.network.name_policy import create_name_policy, enforcement_order

MTU_BYTES = 1460
FLOW_SAMPLING = 0.5
"""Share of flows in the flow log: the default of Compute Engine."""
PEERED_SERVICE = "servicenetworking.googleapis.com"


@dataclass(frozen=True)
class GcpNetwork:
    """Network, its subnet for services, and the resources that services depend on."""

    network_id: pulumi.Output[str]
    """`projects/P/global/networks/N`."""
    subnet_id: pulumi.Output[str]
    """Subnet for the services' Direct VPC egress, which carries all of their traffic (`ALL_TRAFFIC`)."""
    tags: Mapping[str, str]
    """Network tag by service, to which its firewall rules refer."""
    private_range: pulumi.Output[str] | None
    """Name of the address range of Cloud SQL and Memorystore; depends on the peering."""
    ready: tuple[pulumi.Resource, ...]
    """Routes, NAT, DNS records and firewall rules; no input of a service refers to them."""
    private: IPv4Network
    """Range of Cloud SQL and Memorystore, in every region."""


def create_network(scope: Scope, context: GcpContext) -> GcpNetwork:
    """Create the network of a region; raises ValueError for an invalid CIDR block."""
    plan = address_plan(context.spec.network.cidr)
    network = gcp.compute.Network(
        scope.named(),
        project=context.project,
        auto_create_subnetworks=False,
        # no default route to the internet; `egress.py` creates the routes that the spec requests
        delete_default_routes_on_create=True,
        routing_mode="REGIONAL",
        mtu=MTU_BYTES,
        network_firewall_policy_enforcement_order=enforcement_order(context),
        deletion_policy=context.deletion_policy,
        opts=scope.opts(),
    )
    subnet = _create_subnet(scope, context, network.id, str(plan.services))
    tags = {name: network_tag(context.stack, name) for name in context.spec.services}
    egress = create_egress(scope, context, network.id, subnet)
    records = create_dns(scope, context, network)
    for direction in ("EGRESS", "INGRESS"):
        _create_deny_rule(scope, context, network, direction)
    rules = _create_allow_rules(scope, context, network.id, plan.private, tags)
    names = create_name_policy(scope, context, network)
    return GcpNetwork(
        network_id=network.id,
        subnet_id=subnet.id,
        tags=tags,
        private_range=_create_peering(scope, context, network, plan.private),
        ready=(*egress, *records, *rules, *names),
        private=plan.private,
    )


def extend_network(scope: Scope, context: GcpContext, home: GcpNetwork) -> GcpNetwork:
    """Create the part of another region in the network of the home region: subnet, NAT, and rules for the services there.

    A replica of the database is in the network of its source (Cloud SQL documentation, "Replication in Cloud SQL"), so both regions
    share it, with its routes, its private names and its range of data services.
    """
    tags = {name: network_tag(context.stack, name) for name in context.spec.services}
    subnet = _create_subnet(scope, context, home.network_id, str(address_plan(context.spec.network.cidr).services))
    nat = () if context.spec.network.egress == "none" else (create_nat(scope, context, home.network_id, subnet),)
    rules = _create_allow_rules(scope, context, home.network_id, home.private, tags)
    return GcpNetwork(
        network_id=home.network_id,
        subnet_id=subnet.id,
        tags=tags,
        private_range=home.private_range,
        ready=(*home.ready, *nat, *rules),
        private=home.private,
    )


def _create_subnet(scope: Scope, context: GcpContext, network: pulumi.Input[str], cidr: str) -> gcp.compute.Subnetwork:
    log = gcp.compute.SubnetworkLogConfigArgs(
        aggregation_interval="INTERVAL_5_SEC", flow_sampling=FLOW_SAMPLING, metadata="INCLUDE_ALL_METADATA"
    )
    return gcp.compute.Subnetwork(
        scope.named("services"),
        project=context.project,
        region=context.region,
        network=network,
        ip_cidr_range=cidr,
        private_ip_google_access=True,
        stack_type="IPV4_ONLY",
        log_config=log if context.spec.network.flow_logs else None,
        # Cloud Run releases its addresses one to two hours after its services are deleted
        opts=scope.opts(custom_timeouts=pulumi.CustomTimeouts(delete="2h")),
    )


def _create_peering(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, block: IPv4Network
) -> pulumi.Output[str] | None:
    """Create the range for Cloud SQL and Memorystore; return its name, which depends on the peering, or None.

    A range can neither grow in place nor overlap a subnet, and a network has one such connection. Google refuses to delete
    the connection for up to days after a database in it is deleted; outside production the peering is removed instead.
    """
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
        service=PEERED_SERVICE,
        reserved_peering_ranges=[addresses.name],
        update_on_creation_fail=True,
        deletion_policy=None if context.production else "REMOVE_PEERING",
        opts=scope.opts(),
    )
    return peering.reserved_peering_ranges[0]


DENY_PRIORITY = 65000
"""Priority of the deny rules: after every rule of the stack, before the implied rules, which allow all egress."""
ALLOW_PRIORITY = 1000


def _create_allow_rules(
    scope: Scope, context: GcpContext, network: pulumi.Input[str], private: IPv4Network, tags: Mapping[str, str]
) -> tuple[pulumi.Resource, ...]:
    """Create an allow rule per flow, on which services depend; the logged deny rules block everything else.

    Rules refer to services by network tag, because addresses of replicas change. The firewall is stateful, so responses
    need no rule.
    """
    return tuple(
        _create_allow_rule(scope, context, network, flow, [tags[name] for name in flow.services])
        for flow in flows(context.spec, private)
    )


def _create_deny_rule(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, direction: Literal["EGRESS", "INGRESS"]
) -> gcp.compute.Firewall:
    log = gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")
    return gcp.compute.Firewall(
        scope.named(f"deny-{direction.lower()}"),
        project=context.project,
        network=network.id,
        direction=direction,
        priority=DENY_PRIORITY,
        denies=[gcp.compute.FirewallDenyArgs(protocol="all")],
        destination_ranges=[INTERNET] if direction == "EGRESS" else None,
        source_ranges=[INTERNET] if direction == "INGRESS" else None,
        log_config=log if context.spec.network.flow_logs else None,
        opts=scope.opts(),
    )


def _create_allow_rule(
    scope: Scope, context: GcpContext, network: pulumi.Input[str], flow: GcpFlow, tags: list[str]
) -> gcp.compute.Firewall:
    return gcp.compute.Firewall(
        scope.named(f"to-{flow.part}"),
        project=context.project,
        network=network,
        direction="EGRESS",
        priority=ALLOW_PRIORITY,
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(flow.port)])],
        destination_ranges=[flow.destination],
        target_tags=tags,
        opts=scope.opts(),
    )
