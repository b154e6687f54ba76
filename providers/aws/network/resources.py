"""VPC with a public, a private and a database tier over the configured zones.

Services run in the private tier. Clients reach them through the load balancer in the public tier only; they reach the
internet through NAT, and AWS services through endpoints. The database tier has no route to the internet. Resources that
AWS creates in every VPC (default security group, route table and ACL) are adopted and emptied. In an existing VPC only
security groups, interface endpoints and flow logs are the platform's (docs/adr/0061-use-a-network-that-exists-already.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.cidr import TIERS, Tier, address_plan
from providers.aws.network.endpoints import create_interface_endpoints, create_s3_endpoint
from providers.aws.network.existing_limits import existing_vpc
from providers.aws.network.name_filter import create_name_filter
from providers.aws.network.network_acls import create_network_acls
from providers.aws.network.security_groups import SecurityGroups, create_groups, create_rules
from providers.aws.network.subnets import create_routing, create_subnets
from providers.aws.network.vpc_reader import existing_subnet_ids, read_vpc
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope
from providers.contract.spec import Platform

AGGREGATION_SECONDS = 60
"""Shortest interval; the default of ten minutes is too coarse to separate incidents."""
OWN_VPC = "own"
"""Value of the trigger that a VPC of the platform has, whatever its ID is."""
WRITE = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


@dataclass(frozen=True)
class AwsNetwork:
    """Subnets by tier (one per zone, in zone order), security groups, and dependencies of services.

    A tier without use has no subnets: `public` without routed services and without egress, `database` without database
    and cache.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    private_subnet_ids: tuple[pulumi.Output[str], ...]
    database_subnet_ids: tuple[pulumi.Output[str], ...]
    groups: SecurityGroups
    ready: tuple[pulumi.Resource, ...]
    """ACLs, routes, endpoints and DNS rules that every task needs to pull its image and secrets; no Output refers to them."""
    rules: Mapping[str, tuple[pulumi.Resource, ...]]
    """Security group rules of the flows of each service, by its name."""
    flow_log_group: pulumi.Output[str] | None
    """Name of the log group of the flow logs; None without them."""
    existing_cidr: pulumi.Output[str] | None
    """Range of the first private subnet of an existing VPC; None where the VPC has the range of the spec."""

    def trigger(self, spec: Platform) -> pulumi.Input[str]:
        """Return the replacement trigger of what AWS cannot move to another VPC: the engine compares IDs of subnets in place."""
        return OWN_VPC if existing_vpc(spec) is None else self.vpc_id

    def prerequisites(self, service: str) -> tuple[pulumi.Resource, ...]:
        """Return what the service's tasks need to connect; a rule of other services is none of it."""
        return (*self.ready, *self.rules[service])


@dataclass(frozen=True)
class _VpcBase:
    """VPC and subnets before security groups and endpoints are in them; `ready` is what no Output of them depends on."""

    vpc_id: pulumi.Output[str]
    subnet_ids: Mapping[Tier, tuple[pulumi.Output[str], ...]]
    s3_prefix_list: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...] = ()
    cidr: pulumi.Output[str] | None = None


def create_network(scope: Scope, context: AwsContext, keys: AwsKeys) -> AwsNetwork:
    """Declare the VPC and its three tiers, or use existing ones; raises ValueError for a block that cannot be divided."""
    existing = existing_vpc(context.spec) is not None
    base = _existing(scope, context) if existing else _create_vpc(scope, context)
    vpc_id, private = base.vpc_id, base.subnet_ids["private"]
    groups = create_groups(scope, context.spec, vpc_id)
    endpoints = create_interface_endpoints(scope, context, vpc_id, private, groups.endpoints)
    rules = create_rules(scope, context, groups, base.s3_prefix_list)
    names = create_name_filter(scope, context, vpc_id)
    flow_log_group = None
    if context.spec.network.flow_logs:
        logged = _logged_subnets(base) if existing else {"flow-logs": _LoggedPart(vpc_id)}
        flow_log_group = create_flow_logs(scope, context, keys, logged)
    return AwsNetwork(
        vpc_id=vpc_id,
        public_subnet_ids=base.subnet_ids["public"],
        private_subnet_ids=private,
        database_subnet_ids=base.subnet_ids["database"],
        groups=groups,
        ready=(*base.ready, *endpoints, *names),
        rules=rules,
        flow_log_group=flow_log_group,
        existing_cidr=base.cidr,
    )


def _existing(scope: Scope, context: AwsContext) -> _VpcBase:
    found = read_vpc(scope, context)
    return _VpcBase(
        vpc_id=found.apply(lambda vpc: vpc.id),
        subnet_ids={tier: existing_subnet_ids(found, context.spec, tier) for tier in TIERS},
        s3_prefix_list=found.apply(lambda vpc: vpc.s3_prefix_list),
        cidr=found.apply(lambda vpc: vpc.subnets["private"][0].cidr),
    )


def _create_vpc(scope: Scope, context: AwsContext) -> _VpcBase:
    spec, plan = context.spec, address_plan(context.spec.network.cidr)
    vpc = aws.ec2.Vpc(
        scope.named(),
        cidr_block=str(plan.vpc),
        enable_dns_support=True,
        # both flags are required for private DNS names of endpoints
        enable_dns_hostnames=True,
        opts=scope.opts(),
    )
    empty_default_resources(scope, vpc)
    subnets = create_subnets(scope, context, plan, vpc)
    filters = create_network_acls(scope, spec, plan, vpc, subnets)
    routing = create_routing(scope, spec, vpc, subnets)
    s3 = create_s3_endpoint(scope, context, vpc, routing.private_tables)
    return _VpcBase(
        vpc_id=vpc.id,
        subnet_ids={
            "public": routing.public_subnet_ids,
            "private": tuple(subnet.id for subnet in subnets["private"]),
            "database": tuple(subnet.id for subnet in subnets["database"]),
        },
        s3_prefix_list=s3.prefix_list_id,
        ready=(*filters, *routing.routes, s3),
    )


def empty_default_resources(scope: Scope, vpc: aws.ec2.Vpc) -> None:
    """Adopt the default security group, route table and network ACL without rules or routes (Security Hub EC2.2)."""
    aws.ec2.DefaultSecurityGroup(scope.named("default-group"), vpc_id=vpc.id, opts=scope.opts())
    aws.ec2.DefaultRouteTable(
        scope.named("default-routes"),
        default_route_table_id=vpc.default_route_table_id,
        routes=[],
        opts=scope.opts(),
    )
    aws.ec2.DefaultNetworkAcl(
        scope.named("default-filter"),
        default_network_acl_id=vpc.default_network_acl_id,
        # AWS associates a subnet with the default ACL when its own is deleted; that is not drift
        opts=scope.opts(ignore_changes=["subnetIds"]),
    )


@dataclass(frozen=True)
class _LoggedPart:
    """VPC or subnet whose connections are logged."""

    vpc_id: pulumi.Output[str] | None = None
    subnet_id: pulumi.Output[str] | None = None


def _logged_subnets(base: _VpcBase) -> dict[str, _LoggedPart]:
    """Return the subnets of an existing VPC that the platform uses: other connections are those of its owner."""
    return {
        f"flow-logs-{tier}-{zone}": _LoggedPart(subnet_id=subnet_id)
        for tier in TIERS
        for zone, subnet_id in enumerate(base.subnet_ids[tier])
    }


def create_flow_logs(
    scope: Scope, context: AwsContext, keys: AwsKeys, logged: Mapping[str, _LoggedPart]
) -> pulumi.Output[str]:
    """Flow log of all traffic by its name, and a role that writes to its log group only (Security Hub EC2.6); returns the group's name."""
    log_group = create_log_group(scope, "flow-logs", context, keys.telemetry, context.log_group("network", "flows"))
    role = aws.iam.Role(
        scope.named("flow-logs"),
        description=f"Writes the flow logs of the stack {context.stack}",
        assume_role_policy=trust(context, "vpc-flow-logs.amazonaws.com", context.arn("ec2", "vpc-flow-log/*")),
        opts=scope.opts(),
    )
    grant = aws.iam.RolePolicy(
        scope.named("flow-logs"),
        role=role.name,
        policy=document(allow(WRITE, pulumi.Output.concat(log_group.arn, ":*"))),
        opts=scope.opts(),
    )
    for part, place in logged.items():
        aws.ec2.FlowLog(
            scope.named(part),
            vpc_id=place.vpc_id,
            subnet_id=place.subnet_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=log_group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=AGGREGATION_SECONDS,
            # without permission to write, a flow log starts in the state "Access error"
            opts=scope.opts(depends_on=[grant]),
        )
    return log_group.name
