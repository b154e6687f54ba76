"""The subnets of each tier, one a zone.

Zones are taken by number from the region's list, once: a list that grows or changes its order later moves no subnet.
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.cidr import TIERS, AwsAddressPlan, Tier, zone_name
from providers.contract.component import Scope
from providers.contract.spec import Platform

Subnets = Mapping[Tier, tuple[aws.ec2.Subnet, ...]]


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
