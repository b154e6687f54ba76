"""Isolation and ways out: one VPC with a public, a private and a database tier over the asked zones.

Services live in the private tier. The world reaches them through the load balancer in the public tier alone; they
reach the world through NAT, and AWS itself through endpoints. The database tier has no route out at all. What AWS puts
into every VPC (default security group, route table and ACL) is adopted and emptied, so that nothing works by accident.
What is decided without the cloud (addresses, flows, filters, limits) stands in `providers/aws/topology`.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.cidr import layout
from providers.aws.network.endpoints import create_endpoints
from providers.aws.network.network_acls import create_filters
from providers.aws.network.security_groups import SecurityGroups, create_groups, create_rules
from providers.aws.network.subnets import create_routing, create_subnets
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope

__all__ = ["AwsNetwork", "SecurityGroups", "create_network"]


@dataclass(frozen=True)
class AwsNetwork:
    """Subnets by tier (one per zone, in zone order) and what services must wait for before they start.

    A tier that nothing needs has no subnets: `public` without routed services and without egress, `database` without
    database and cache.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    private_subnet_ids: tuple[pulumi.Output[str], ...]
    database_subnet_ids: tuple[pulumi.Output[str], ...]
    groups: SecurityGroups
    ready: tuple[pulumi.Resource, ...]
    """Routes, endpoints and rules a task needs to pull its image and secrets; no Output says so."""


AGGREGATION_SECONDS = 60
"""The shortest AWS offers; its default of ten minutes is too coarse to tell one incident from another."""
WRITE = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def create_network(scope: Scope, context: AwsContext, keys: AwsKeys) -> AwsNetwork:
    """VPC over the asked zones with public, private and database tiers; raises ValueError for a block it cannot cut."""
    spec, plan = context.spec, layout(context.spec.network.cidr)
    vpc = aws.ec2.Vpc(
        scope.named(),
        cidr_block=str(plan.vpc),
        enable_dns_support=True,
        # both flags together let endpoints answer under the public names of their services
        enable_dns_hostnames=True,
        opts=scope.opts(),
    )
    lock_defaults(scope, vpc)
    subnets = create_subnets(scope, context, plan, vpc)
    filters = create_filters(scope, spec, plan, vpc, subnets)
    routing = create_routing(scope, spec, vpc, subnets)
    groups = create_groups(scope, spec, vpc)
    s3, endpoints = create_endpoints(scope, context, vpc, groups, subnets["private"], routing.private_tables)
    rules = create_rules(scope, context, groups, s3)
    if spec.network.flow_logs:
        create_flow_logs(scope, context, keys, vpc)
    return AwsNetwork(
        vpc_id=vpc.id,
        public_subnet_ids=routing.public_subnet_ids,
        private_subnet_ids=tuple(subnet.id for subnet in subnets["private"]),
        database_subnet_ids=tuple(subnet.id for subnet in subnets["database"]),
        groups=groups,
        ready=(*filters, *routing.routes, *endpoints, *rules),
    )


def lock_defaults(scope: Scope, vpc: aws.ec2.Vpc) -> None:
    """Default security group, route table and network ACL without a single rule or route (Security Hub EC2.2)."""
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
        # AWS moves a subnet here by itself when its own ACL goes; that is no drift to undo
        opts=scope.opts(ignore_changes=["subnetIds"]),
    )


def create_flow_logs(scope: Scope, context: AwsContext, keys: AwsKeys, vpc: aws.ec2.Vpc) -> None:
    """The flow log, its log group, and a role that writes to this group alone (Security Hub EC2.6)."""
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
    aws.ec2.FlowLog(
        scope.named("flow-logs"),
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=log_group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=AGGREGATION_SECONDS,
        # without its right to write the flow log starts in the state "Access error"; the role's ARN does not tell
        opts=scope.opts(depends_on=[grant]),
    )
