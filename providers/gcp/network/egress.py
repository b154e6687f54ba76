"""Outbound access: routes and private DNS names for Google APIs, and a route and Cloud NAT for the internet.

With `private_endpoints`, all of googleapis.com and run.app resolve to private.googleapis.com, so that Google APIs and other
services of the platform are reached without the internet; Cloud Run treats such a request as internal. Without it, the
names resolve to public addresses, which are reached through the NAT. The network logs every DNS query.

Cloud NAT is regional and has no machines. Its addresses are fixed, so that external APIs can allow them: one per zone
(`per_zone`) or a single one, which serves 64512 simultaneous connections to each destination.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.gcp.context import GcpContext
from providers.gcp.network.flows import GOOGLE_API_ADDRESSES, GOOGLE_APIS, INTERNET
from providers.gcp.network.limits import nat_address_count

PRIVATE_DOMAINS = {"googleapis.com": "private.googleapis.com", "run.app": "run.app"}
"""Domain, and the name in it that has the addresses; every other name of the domain is an alias of it."""
TTL_SECONDS = 300


def create_dns(scope: Scope, context: GcpContext, network: gcp.compute.Network) -> tuple[pulumi.Resource, ...]:
    """Create the DNS policy and the private zones; return the records that services depend on."""
    gcp.dns.Policy(
        scope.named("dns"),
        project=context.project,
        networks=[gcp.dns.PolicyNetworkArgs(network_url=network.id)],
        enable_logging=True,
        opts=scope.opts(),
    )
    if not context.spec.network.private_endpoints:
        return ()
    return tuple(
        record
        for domain, holder in PRIVATE_DOMAINS.items()
        for record in _create_private_zone(scope, context, network, domain, holder)
    )


def _create_private_zone(
    scope: Scope, context: GcpContext, network: gcp.compute.Network, domain: str, holder: str
) -> tuple[pulumi.Resource, ...]:
    part = domain.replace(".", "-")
    zone = gcp.dns.ManagedZone(
        scope.named(part),
        project=context.project,
        dns_name=f"{domain}.",
        description=f"Private addresses of {domain} in the network of the stack {context.stack}",
        visibility="private",
        private_visibility_config=gcp.dns.ManagedZonePrivateVisibilityConfigArgs(
            networks=[gcp.dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network.id)]
        ),
        opts=scope.opts(),
    )
    return (
        _create_record(scope, context, f"{part}-address", zone, f"{holder}.", "A", list(GOOGLE_API_ADDRESSES)),
        _create_record(scope, context, f"{part}-any", zone, f"*.{domain}.", "CNAME", [f"{holder}."]),
    )


def _create_record(
    scope: Scope, context: GcpContext, part: str, zone: gcp.dns.ManagedZone, name: str, kind: str, values: list[str]
) -> gcp.dns.RecordSet:
    return gcp.dns.RecordSet(
        scope.named(part),
        project=context.project,
        managed_zone=zone.name,
        name=name,
        type=kind,
        ttl=TTL_SECONDS,
        rrdatas=values,
        opts=scope.opts(),
    )


GATEWAY = "default-internet-gateway"
MIN_PORTS, MAX_PORTS = 64, 4096
"""Ports per replica, powers of two; dynamic allocation stays between them."""


def create_egress(
    scope: Scope, context: GcpContext, network: pulumi.Input[str], subnet: gcp.compute.Subnetwork
) -> tuple[pulumi.Resource, ...]:
    """Create routes and NAT; return those that services depend on. `network` is the ID of the network."""
    # despite the gateway's name, traffic to this block never leaves Google's network
    google = _create_route(scope, context, network, "google", GOOGLE_APIS)
    if context.spec.network.egress == "none":
        return (google,)
    internet = _create_route(scope, context, network, "world", INTERNET)
    return (google, internet, create_nat(scope, context, network, subnet))


def _create_route(
    scope: Scope, context: GcpContext, network: pulumi.Input[str], part: str, destination: str
) -> gcp.compute.Route:
    return gcp.compute.Route(
        scope.named(f"route-{part}"),
        project=context.project,
        network=network,
        dest_range=destination,
        next_hop_gateway=GATEWAY,
        opts=scope.opts(),
    )


def create_nat(
    scope: Scope, context: GcpContext, network: pulumi.Input[str], subnet: gcp.compute.Subnetwork
) -> gcp.compute.RouterNat:
    """Create the NAT of a region with its router and its addresses."""
    router = gcp.compute.Router(
        scope.named("router"), project=context.project, region=context.region, network=network, opts=scope.opts()
    )
    addresses = [_create_address(scope, context, number) for number in range(nat_address_count(context.spec))]
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
        # not possible together with dynamic allocation: Cloud NAT documentation, "Ports"
        enable_endpoint_independent_mapping=False,
        min_ports_per_vm=MIN_PORTS,
        max_ports_per_vm=MAX_PORTS,
        log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
        opts=scope.opts(),
    )


def _create_address(scope: Scope, context: GcpContext, number: int) -> gcp.compute.Address:
    return gcp.compute.Address(
        scope.named(f"nat-{number}"),
        project=context.project,
        region=context.region,
        address_type="EXTERNAL",
        # a changed description replaces the address
        description=f"Address {number} under which the stack {context.stack} calls the world",
        opts=scope.opts(),
    )
