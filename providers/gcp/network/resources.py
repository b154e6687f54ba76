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
from providers.contract.spec import Platform
from providers.gcp.context import GcpContext
from providers.gcp.naming import network_tag
from providers.gcp.network.cidr import address_plan
from providers.gcp.network.egress import create_dns, create_egress, create_nat
from providers.gcp.network.existing_limits import existing_network, needs_range, network_project
from providers.gcp.network.flows import INTERNET, GcpFlow, flows
from providers.gcp.network.name_policy import create_name_policy, enforcement_order
from providers.gcp.network.network_reader import read_network

MTU_BYTES = 1460
FLOW_SAMPLING = 0.5
"""Share of flows in the flow log: the default of Compute Engine."""
OWN_NETWORK = "own"
"""Value of the trigger that a network of the platform has, whatever its ID is."""
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
    private: pulumi.Input[str]
    """Range of Cloud SQL and Memorystore, in every region."""

    def trigger(self, spec: Platform) -> pulumi.Input[str]:
        """Return the replacement trigger of what cannot move to another network."""
        return OWN_NETWORK if existing_network(spec) is None else self.network_id


def create_network(scope: Scope, context: GcpContext) -> GcpNetwork:
    """Create the network of a region, or use an existing one; raises ValueError for an invalid CIDR block."""
    if existing_network(context.spec) is not None:
        return _use_network(scope, context)
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
        _create_deny_rule(scope, context, network.id, direction)
    private = str(plan.private)
    rules = _create_allow_rules(scope, context, network.id, private, tags)
    names = create_name_policy(scope, context, network)
    return GcpNetwork(
        network_id=network.id,
        subnet_id=subnet.id,
        tags=tags,
        private_range=_create_peering(scope, context, network, plan.private),
        ready=(*egress, *records, *rules, *names),
        private=private,
    )


def _use_network(scope: Scope, context: GcpContext) -> GcpNetwork:
    """Declare the firewall rules of the services in an existing network, for their tags alone."""
    spec, block = context.spec, existing_network(context.spec)
    if block is None:
        raise ValueError("the platform creates its own network")
    found, project, name = read_network(scope, context), network_project(spec), block.private_range
    network_id = found.apply(lambda _: f"projects/{project}/global/networks/{block.network}")
    tags = {name: network_tag(context.stack, name) for name in spec.services}
    private = found.apply(lambda network: network.private_range.cidr if network.private_range is not None else "")
    for direction in ("EGRESS", "INGRESS"):
        _create_deny_rule(scope, context, network_id, direction, [*tags.values()])
    return GcpNetwork(
        network_id=network_id,
        subnet_id=found.apply(lambda _: f"projects/{project}/regions/{context.region}/subnetworks/{block.subnetwork}"),
        tags=tags,
        private_range=found.apply(lambda _: name) if name is not None and needs_range(spec) else None,
        ready=_create_allow_rules(scope, context, network_id, private, tags),
        private=private,
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
    if context.spec.database is None and not context.spec.all_caches:
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
    scope: Scope, context: GcpContext, network: pulumi.Input[str], private: pulumi.Input[str], tags: Mapping[str, str]
) -> tuple[pulumi.Resource, ...]:
    """Create an allow rule per flow, on which services depend; the logged deny rules block everything else.

    Rules refer to services by network tag, because addresses of replicas change. The firewall is stateful, so responses
    need no rule.
    """
    return tuple(
        _create_allow_rule(scope, context, network, flow, private, [tags[name] for name in flow.services])
        for flow in flows(context.spec)
    )


def _create_deny_rule(
    scope: Scope,
    context: GcpContext,
    network: pulumi.Input[str],
    direction: Literal["EGRESS", "INGRESS"],
    tags: list[str] | None = None,
) -> gcp.compute.Firewall:
    """Create a rule that refuses what no other allows; in an existing network only for the services, by their tags."""
    log = gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")
    return gcp.compute.Firewall(
        scope.named(f"deny-{direction.lower()}"),
        project=network_project(context.spec),
        network=network,
        direction=direction,
        priority=DENY_PRIORITY,
        denies=[gcp.compute.FirewallDenyArgs(protocol="all")],
        destination_ranges=[INTERNET] if direction == "EGRESS" else None,
        source_ranges=[INTERNET] if direction == "INGRESS" else None,
        target_tags=tags,
        log_config=log if context.spec.network.flow_logs else None,
        opts=scope.opts(),
    )


def _create_allow_rule(
    scope: Scope,
    context: GcpContext,
    network: pulumi.Input[str],
    flow: GcpFlow,
    private: pulumi.Input[str],
    tags: list[str],
) -> gcp.compute.Firewall:
    return gcp.compute.Firewall(
        scope.named(f"to-{flow.part}"),
        project=network_project(context.spec),
        network=network,
        direction="EGRESS",
        priority=ALLOW_PRIORITY,
        allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(flow.port)])],
        destination_ranges=[private if flow.destination is None else flow.destination],
        target_tags=tags,
        opts=scope.opts(),
    )
