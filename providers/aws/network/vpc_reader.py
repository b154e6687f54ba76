"""Existing VPC as its account describes it: read by provider functions, and checked before any resource depends on it.

Functions that find several objects return empty lists, so that a missing one is an error with its key; those that read
one fail with the provider's own words. Everything in the network depends on the Output of the checks, so that nothing is
created in a VPC that does not fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.network.cidr import Tier
from providers.aws.network.existing_checks import (
    AwsSubnetFacts,
    AwsVpcFacts,
    check_found,
    checked,
    only_vpc,
)
from providers.aws.network.existing_limits import existing_vpc, subnet_ids, subnet_tags, used_tiers
from providers.aws.network.flows import ANY_IPV4
from providers.contract.component import Scope
from providers.contract.spec import ExistingAwsNetwork, Platform


class _VpcReader:
    """Provider functions in the region of a scope."""

    def __init__(self, scope: Scope, context: AwsContext, block: ExistingAwsNetwork) -> None:
        self.spec, self.block = context.spec, block
        self.s3 = f"com.amazonaws.{context.region}.s3"
        self.own_groups = f"{scope.named()}-*"
        """Names of the platform's security groups, which the interfaces of its tasks, endpoints and data stores have."""
        self.opts = pulumi.InvokeOutputOptions(parent=scope.parent)

    def vpc(self) -> pulumi.Output[AwsVpcFacts]:
        """Find the VPC, and read everything in it that is checked."""
        by_id = [aws.ec2.GetVpcsFilterArgs(name="vpc-id", values=[self.block.vpc_id])] if self.block.vpc_id else None
        found = aws.ec2.get_vpcs_output(filters=by_id, tags=self.block.vpc_tags or None, opts=self.opts)
        return found.apply(lambda vpcs: self._described(only_vpc(self.spec, _ids(vpcs.ids))))

    def _described(self, vpc_id: str) -> pulumi.Output[AwsVpcFacts]:
        tiers = used_tiers(self.spec)
        return pulumi.Output.all(
            vpc=aws.ec2.get_vpc_output(id=vpc_id, opts=self.opts),
            found=pulumi.Output.all(**{tier: self._subnet_ids(vpc_id, tier) for tier in tiers}),
            tables=self._route_tables(vpc_id),
            groups=self._groups(vpc_id),
            s3=aws.ec2.get_prefix_list_output(name=self.s3, opts=self.opts).id,
            s3_tables=self._s3_tables(vpc_id),
        ).apply(self._with_subnets)

    def _with_subnets(self, read: Mapping[str, Any]) -> pulumi.Output[AwsVpcFacts]:
        vpc: aws.ec2.GetVpcResult = read["vpc"]
        found: Mapping[Tier, Sequence[str]] = read["found"]
        tables: Sequence[aws.ec2.GetRouteTableResult] = read["tables"]
        check_found(self.spec, vpc.id, found)
        subnets = {
            tier: pulumi.Output.all(*(self._subnet(each, tables) for each in ids)) for tier, ids in found.items()
        }
        return pulumi.Output.all(**subnets).apply(
            lambda by_tier: AwsVpcFacts(
                id=vpc.id,
                dns_support=vpc.enable_dns_support,
                dns_hostnames=vpc.enable_dns_hostnames,
                subnets={tier: _in_order(self.block, tier, by_tier[tier]) for tier in found},
                s3_prefix_list=read["s3"],
                groups=frozenset(read["groups"]),
                s3_tables=frozenset(read["s3_tables"]),
            )
        )

    def _subnet_ids(self, vpc_id: str, tier: Tier) -> pulumi.Output[Sequence[str]]:
        filters = [aws.ec2.GetSubnetsFilterArgs(name="vpc-id", values=[vpc_id])]
        if subnet_ids(self.block, tier):
            filters.append(aws.ec2.GetSubnetsFilterArgs(name="subnet-id", values=list(subnet_ids(self.block, tier))))
        tags = dict(subnet_tags(self.block, tier)) or None
        return aws.ec2.get_subnets_output(filters=filters, tags=tags, opts=self.opts).ids.apply(_ids)

    def _groups(self, vpc_id: str) -> pulumi.Output[Sequence[str]]:
        if self.block.endpoint_security_group_id is None:
            return pulumi.Output.from_input(list[str]())
        filters = {"vpc-id": vpc_id, "group-id": self.block.endpoint_security_group_id}
        return aws.ec2.get_security_groups_output(
            filters=[aws.ec2.GetSecurityGroupsFilterArgs(name=name, values=[value]) for name, value in filters.items()],
            opts=self.opts,
        ).ids.apply(_ids)

    def _s3_tables(self, vpc_id: str) -> pulumi.Output[Sequence[str]]:
        """Return the tables with the gateway endpoint; those of `getRouteTable` lack its routes, and without egress it must exist."""
        if self.spec.network.egress != "none":
            return pulumi.Output.from_input(list[str]())
        return aws.ec2.get_vpc_endpoint_output(
            vpc_id=vpc_id, service_name=self.s3, vpc_endpoint_type="Gateway", opts=self.opts
        ).route_table_ids

    def _route_tables(self, vpc_id: str) -> pulumi.Output[Sequence[aws.ec2.GetRouteTableResult]]:
        found = aws.ec2.get_route_tables_output(vpc_id=vpc_id, opts=self.opts)
        return found.ids.apply(
            lambda ids: pulumi.Output.all(
                *(aws.ec2.get_route_table_output(route_table_id=each, opts=self.opts) for each in ids)
            )
        )

    def _subnet(self, subnet_id: str, tables: Sequence[aws.ec2.GetRouteTableResult]) -> pulumi.Output[AwsSubnetFacts]:
        filters = {"subnet-id": subnet_id, "group-name": self.own_groups}
        own = aws.ec2.get_network_interfaces_output(
            filters=[
                aws.ec2.GetNetworkInterfacesFilterArgs(name=name, values=[value]) for name, value in filters.items()
            ],
            opts=self.opts,
        )
        read = aws.ec2.get_subnet_output(id=subnet_id, opts=self.opts)
        table = _table_of(subnet_id, tables)
        return pulumi.Output.all(subnet=read, own=own).apply(
            lambda each: AwsSubnetFacts(
                id=subnet_id,
                zone=each["subnet"].availability_zone,
                cidr=each["subnet"].cidr_block,
                free=each["subnet"].available_ip_address_count,
                own=len(_ids(each["own"].ids)),
                ipv6_only=each["subnet"].ipv6_native,
                table=table.id if table is not None else "",
                default_target=_default_target(table) if table is not None else "",
            )
        )


def read_vpc(scope: Scope, context: AwsContext) -> pulumi.Output[AwsVpcFacts]:
    """Return the existing VPC; the Output fails with InvalidConfiguration where it does not fit the platform."""
    block = existing_vpc(context.spec)
    if block is None:
        raise ValueError("the platform creates its own network")
    return _VpcReader(scope, context, block).vpc().apply(lambda vpc: checked(context.spec, vpc))


def existing_subnet_ids(
    found: pulumi.Output[AwsVpcFacts], spec: Platform, tier: Tier
) -> tuple[pulumi.Output[str], ...]:
    """Return the IDs of the subnets of a tier, as many as zones; none for a tier without use."""
    if tier not in used_tiers(spec):
        return ()
    return tuple(found.apply(lambda vpc, place=zone: vpc.subnets[tier][place].id) for zone in range(spec.network.zones))


def _in_order(block: ExistingAwsNetwork, tier: Tier, subnets: Sequence[AwsSubnetFacts]) -> tuple[AwsSubnetFacts, ...]:
    """Return subnets as they are listed, or by zone: the account returns those with tags in any order."""
    listed = subnet_ids(block, tier)
    return tuple(sorted(subnets, key=lambda each: listed.index(each.id) if listed else each.zone))


def _ids(found: Sequence[str] | None) -> Sequence[str]:
    """Return the IDs of a function that finds several objects: the provider returns no list where it finds none."""
    return found or ()


def _table_of(subnet_id: str, tables: Sequence["aws.ec2.GetRouteTableResult"]) -> "aws.ec2.GetRouteTableResult | None":
    """Return the route table that is associated with a subnet, else the main one of the VPC."""
    own = [table for table in tables if any(each.subnet_id == subnet_id for each in table.associations)]
    main = [table for table in tables if any(each.main for each in table.associations)]
    return next(iter(own or main), None)


def _default_target(table: "aws.ec2.GetRouteTableResult") -> str:
    for route in table.routes:
        if route.cidr_block == ANY_IPV4:
            targets = (
                route.gateway_id, route.nat_gateway_id, route.transit_gateway_id, route.vpc_endpoint_id,
                route.network_interface_id, route.instance_id, route.vpc_peering_connection_id, route.local_gateway_id,
                route.core_network_arn, route.carrier_gateway_id,
            )  # fmt: skip
            return next(filter(None, targets), "")
    return ""
