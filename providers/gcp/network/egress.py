"""Ways out: the route to Google's own services, and where egress is asked for, a route and a NAT to the world.

Cloud NAT is one regional gateway without a machine or a zone of its own. Its addresses are fixed, so that whoever is
called can list them: one a zone asked for (`per_zone`) or a single one, which serves 64512 connections at a time to
each destination.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.network.flows import GOOGLE, WORLD
from providers.gcp.network.limits import nat_addresses

GATEWAY = "default-internet-gateway"
PORTS_A_COPY = {"least": 64, "most": 4096}
"""Powers of two; dynamic allocation moves between them."""


def create_egress(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, subnet: gcp.compute.Subnetwork
) -> tuple[pulumi.Resource, ...]:
    """Routes and NAT that services wait for."""
    # the gateway's name notwithstanding, traffic to this block never leaves Google's network
    google = _route(scope, context, network, "google", GOOGLE)
    if context.spec.network.egress == "none":
        return (google,)
    return (google, _route(scope, context, network, "world", WORLD), _nat(scope, context, network, subnet))


def _route(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, part: str, destination: str
) -> gcp.compute.Route:
    return gcp.compute.Route(
        scope.named(f"route-{part}"),
        project=context.project,
        network=network.id,
        dest_range=destination,
        next_hop_gateway=GATEWAY,
        opts=scope.opts(),
    )


def _nat(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, subnet: gcp.compute.Subnetwork
) -> gcp.compute.RouterNat:
    router = gcp.compute.Router(
        scope.named("router"), project=context.project, region=context.region, network=network.id, opts=scope.opts()
    )
    addresses = [_address(scope, context, number) for number in range(nat_addresses(context.spec))]
    return gcp.compute.RouterNat(
        scope.named("nat"),
        project=context.project,
        region=context.region,
        router=router.name,
        nat_ip_allocate_option="MANUAL_ONLY",
        nat_ips=[address.self_link for address in addresses],
        source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
        subnetworks=[gcp.compute.RouterNatSubnetworkArgs(name=subnet.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"])],
        enable_dynamic_port_allocation=True,
        # the two exclude each other: Cloud NAT documentation, "Ports"
        enable_endpoint_independent_mapping=False,
        min_ports_per_vm=PORTS_A_COPY["least"],
        max_ports_per_vm=PORTS_A_COPY["most"],
        log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
        opts=scope.opts(),
    )


def _address(scope: Scope, context: GcpContext, number: int) -> gcp.compute.Address:
    return gcp.compute.Address(
        scope.named(f"nat-{number}"),
        project=context.project,
        region=context.region,
        address_type="EXTERNAL",
        description=f"Address {number} under which the stack {context.stack} calls the world",
        opts=scope.opts(),
    )
