"""Subnets of each tier, one per zone, and their routes: public to the internet gateway, private to NAT, database none.

Zones are those of `aws.zone_names`, else selected by index from the region's list at creation; a later change of the list
moves no subnet. Not every zone of a region has Fargate or each endpoint, so `zone_names` can avoid one. Every zone
has its own private route table in each egress mode, so that a change between a NAT gateway per zone, one and none only
changes routes. Routes are separate resources; a table with inline routes would remove them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier, gateway_count, gateway_index, zone_name
from providers.aws.network.flows import ANY_IPV4
from providers.contract.component import Scope
from providers.contract.spec import Platform

Subnets = Mapping[Tier, tuple[aws.ec2.Subnet, ...]]


@dataclass(frozen=True)
class Routing:
    """Private route tables in zone order, and the routes that traffic depends on."""

    private_tables: tuple[aws.ec2.RouteTable, ...]
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    """Resolve after the subnets have their route: AWS refuses a load balancer in a VPC without internet gateway."""
    routes: tuple[pulumi.Resource, ...]


def create_subnets(scope: Scope, context: AwsContext, plan: AwsAddressPlan, vpc: aws.ec2.Vpc) -> Subnets:
    """Declare subnets by tier in zone order; none for a tier without use."""
    names = _zone_names(scope, context)
    zones = range(context.spec.network.zones)
    needed = tiers_needed(context.spec)
    return {
        tier: tuple(_subnet(scope, context, plan, vpc, tier, zone, names) for zone in zones) if needed[tier] else ()
        for tier in TIERS
    }


def tiers_needed(spec: Platform) -> Mapping[Tier, bool]:
    """Tiers with use: the public tier for load balancer and NAT, the database tier for database and caches."""
    return {
        "public": bool(spec.public) or spec.network.egress != "none",
        "private": True,
        "database": spec.database is not None or bool(spec.all_caches),
    }


def _zone_names(scope: Scope, context: AwsContext) -> pulumi.Output[Sequence[str]]:
    if context.block.zone_names:
        return pulumi.Output.from_input(context.block.zone_names)
    available = aws.get_availability_zones_output(
        state="available",
        # accounts that opted in also list local and wavelength zones, which lack most services
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOutputOptions(parent=scope.parent),
    )
    return available.names


def _subnet(
    scope: Scope,
    context: AwsContext,
    plan: AwsAddressPlan,
    vpc: aws.ec2.Vpc,
    tier: Tier,
    zone: int,
    names: pulumi.Output[Sequence[str]],
) -> aws.ec2.Subnet:
    return aws.ec2.Subnet(
        scope.named(f"{tier}-{zone}"),
        vpc_id=vpc.id,
        cidr_block=str(plan.subnet(tier, zone)),
        availability_zone=names.apply(lambda available: zone_name(available, zone, context.region)),
        # load balancer and NAT have their own public addresses; no other resource here may have one
        map_public_ip_on_launch=False,
        # another zone replaces the subnet: only when the user names the zones, not when the region's list changes
        opts=scope.opts(ignore_changes=[] if context.block.zone_names else ["availabilityZone"]),
    )


def create_routing(scope: Scope, spec: Platform, vpc: aws.ec2.Vpc, subnets: Subnets) -> Routing:
    """Declare gateways, route tables, routes and associations of all tiers."""
    public = _public(scope, vpc, subnets["public"]) if subnets["public"] else ()
    # typed as optional, because a table can be associated with a gateway instead
    public_subnet_ids = tuple(cast("pulumi.Output[str]", association.subnet_id) for association in public)
    count = gateway_count(spec.network.egress, spec.network.zones)
    gateways = [_nat(scope, zone, public_subnet_ids[zone]) for zone in range(count)]
    tables = tuple(_table(scope, vpc, f"private-{zone}") for zone, _ in enumerate(subnets["private"]))
    private = [
        _associate(scope, "private", zone, subnet, tables[zone]) for zone, subnet in enumerate(subnets["private"])
    ]
    _isolate_database_tier(scope, vpc, subnets["database"])
    nat_routes = [_nat_route(scope, zone, table, gateways) for zone, table in enumerate(tables) if gateways]
    return Routing(tables, public_subnet_ids, (*public, *private, *nat_routes))


def _public(
    scope: Scope, vpc: aws.ec2.Vpc, subnets: Sequence[aws.ec2.Subnet]
) -> tuple[aws.ec2.RouteTableAssociation, ...]:
    internet = aws.ec2.InternetGateway(scope.named("internet"), vpc_id=vpc.id, opts=scope.opts())
    table = _table(scope, vpc, "public")
    route = aws.ec2.Route(
        scope.named("public-to-internet"),
        route_table_id=table.id,
        destination_cidr_block=ANY_IPV4,
        gateway_id=internet.id,
        opts=scope.opts(),
    )
    # load balancer and NAT gateway take the subnet id from the association and so depend on the internet gateway:
    # without it AWS fails to create them, and neither refers to it in a property
    return tuple(
        _associate(scope, "public", zone, subnet, table, after=(route,)) for zone, subnet in enumerate(subnets)
    )


def _nat(scope: Scope, zone: int, subnet_id: pulumi.Output[str]) -> aws.ec2.NatGateway:
    address = aws.ec2.Eip(scope.named(f"nat-{zone}-address"), domain="vpc", opts=scope.opts())
    return aws.ec2.NatGateway(
        scope.named(f"nat-{zone}"),
        allocation_id=address.allocation_id,
        subnet_id=subnet_id,
        connectivity_type="public",
        opts=scope.opts(),
    )


def _nat_route(
    scope: Scope, zone: int, table: aws.ec2.RouteTable, gateways: Sequence[aws.ec2.NatGateway]
) -> aws.ec2.Route:
    return aws.ec2.Route(
        scope.named(f"private-{zone}-to-nat"),
        route_table_id=table.id,
        destination_cidr_block=ANY_IPV4,
        nat_gateway_id=gateways[gateway_index(zone, len(gateways))].id,
        opts=scope.opts(),
    )


def _isolate_database_tier(scope: Scope, vpc: aws.ec2.Vpc, subnets: Sequence[aws.ec2.Subnet]) -> None:
    """Route table without routes: the database tier only reaches the VPC (Security Hub RDS.46)."""
    if subnets:
        table = _table(scope, vpc, "database")
        for zone, subnet in enumerate(subnets):
            _associate(scope, "database", zone, subnet, table)


def _table(scope: Scope, vpc: aws.ec2.Vpc, part: str) -> aws.ec2.RouteTable:
    return aws.ec2.RouteTable(scope.named(f"{part}-routes"), vpc_id=vpc.id, opts=scope.opts())


def _associate(
    scope: Scope,
    tier: Tier,
    zone: int,
    subnet: aws.ec2.Subnet,
    table: aws.ec2.RouteTable,
    after: Sequence[pulumi.Resource] = (),
) -> aws.ec2.RouteTableAssociation:
    return aws.ec2.RouteTableAssociation(
        scope.named(f"{tier}-{zone}-routed"),
        subnet_id=subnet.id,
        route_table_id=table.id,
        opts=scope.opts(depends_on=after),
    )
