"""Routes of each tier: public to the internet gateway, private to NAT, database nowhere.

Every zone has a private route table of its own in each egress mode, so that a change between a NAT per zone, a single
one and none changes routes and not tables. Routes are resources of their own; a table with inline routes would undo
them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier, gateway_count, gateway_of, zone_name
from providers.aws.network.flows import WORLD
from providers.contract.component import Scope
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Routing:
    """The private tables, in zone order, and all that must stand before a packet finds its way."""

    private_tables: tuple[aws.ec2.RouteTable, ...]
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    """Known once the subnets have their route: AWS refuses a load balancer in a VPC without internet gateway."""
    routes: tuple[pulumi.Resource, ...]


Subnets = Mapping[Tier, tuple[aws.ec2.Subnet, ...]]


def create_routing(scope: Scope, spec: Platform, vpc: aws.ec2.Vpc, subnets: Subnets) -> Routing:
    """Gateways, route tables, routes and associations of all tiers."""
    public = _public(scope, vpc, subnets["public"]) if subnets["public"] else ()
    # typed as optional, because a table can be associated with a gateway instead
    public_subnet_ids = tuple(cast("pulumi.Output[str]", association.subnet_id) for association in public)
    count = gateway_count(spec.network.egress, spec.network.zones)
    gateways = [_nat(scope, zone, public_subnet_ids[zone]) for zone in range(count)]
    tables = tuple(_table(scope, vpc, f"private-{zone}") for zone, _ in enumerate(subnets["private"]))
    private = [
        _associate(scope, "private", zone, subnet, tables[zone]) for zone, subnet in enumerate(subnets["private"])
    ]
    _isolated(scope, vpc, subnets["database"])
    ways_out = [_way_out(scope, zone, table, gateways) for zone, table in enumerate(tables) if gateways]
    return Routing(tables, public_subnet_ids, (*public, *private, *ways_out))


def _public(
    scope: Scope, vpc: aws.ec2.Vpc, subnets: Sequence[aws.ec2.Subnet]
) -> tuple[aws.ec2.RouteTableAssociation, ...]:
    internet = aws.ec2.InternetGateway(scope.named("internet"), vpc_id=vpc.id, opts=scope.opts())
    table = _table(scope, vpc, "public")
    route = aws.ec2.Route(
        scope.named("public-to-internet"),
        route_table_id=table.id,
        destination_cidr_block=WORLD,
        gateway_id=internet.id,
        opts=scope.opts(),
    )
    # whoever takes the subnet from its association finds the internet gateway: AWS fails a load balancer or a NAT
    # gateway before it is there, and neither names it in a property
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


def _way_out(
    scope: Scope, zone: int, table: aws.ec2.RouteTable, gateways: Sequence[aws.ec2.NatGateway]
) -> aws.ec2.Route:
    return aws.ec2.Route(
        scope.named(f"private-{zone}-to-nat"),
        route_table_id=table.id,
        destination_cidr_block=WORLD,
        nat_gateway_id=gateways[gateway_of(zone, len(gateways))].id,
        opts=scope.opts(),
    )


def _isolated(scope: Scope, vpc: aws.ec2.Vpc, subnets: Sequence[aws.ec2.Subnet]) -> None:
    """One table without routes: the database tier knows the VPC and nothing else (Security Hub RDS.46)."""
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


def create_subnets(scope: Scope, context: AwsContext, plan: AwsAddressPlan, vpc: aws.ec2.Vpc) -> Subnets:
    """Subnets by tier in zone order; none for a tier that nothing needs."""
    names = _zone_names(scope)
    zones = range(context.spec.network.zones)
    wanted = tiers_needed(context.spec)
    return {
        tier: tuple(_subnet(scope, context, plan, vpc, tier, zone, names) for zone in zones) if wanted[tier] else ()
        for tier in TIERS
    }


def tiers_needed(spec: Platform) -> Mapping[Tier, bool]:
    """The public tier holds load balancer and NAT, the database tier database and cache."""
    return {
        "public": bool(spec.public) or spec.network.egress != "none",
        "private": True,
        "database": spec.database is not None or spec.cache is not None,
    }


def _zone_names(scope: Scope) -> pulumi.Output[Sequence[str]]:
    found = aws.get_availability_zones_output(
        state="available",
        # local and wavelength zones are in the list too once an account has opted in, and lack most services
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOutputOptions(parent=scope.parent),
    )
    return found.names


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
        availability_zone=names.apply(lambda known: zone_name(known, zone, context.region)),
        # load balancer and NAT bring their own public addresses, nothing else here may have one
        map_public_ip_on_launch=False,
        # another zone would be another subnet: a list that changed must not replace what stands
        opts=scope.opts(ignore_changes=["availabilityZone"]),
    )
