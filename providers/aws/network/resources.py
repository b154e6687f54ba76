"""VPC with a public, a private and a database tier over the configured zones.

Services run in the private tier. Clients reach them through the load balancer in the public tier only; they reach the
internet through NAT, and AWS services through endpoints. The database tier has no route to the internet. Resources that
AWS creates in every VPC (default security group, route table and ACL) are adopted and emptied.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.cidr import address_plan
from providers.aws.network.endpoints import create_endpoints
from providers.aws.network.name_filter import create_name_filter
from providers.aws.network.network_acls import create_network_acls
from providers.aws.network.security_groups import SecurityGroups, create_groups, create_rules
from providers.aws.network.subnets import create_routing, create_subnets
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope

AGGREGATION_SECONDS = 60
"""Shortest interval; the default of ten minutes is too coarse to separate incidents."""
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

    def prerequisites(self, service: str) -> tuple[pulumi.Resource, ...]:
        """Return what the service's tasks need to connect; a rule of other services is none of it."""
        return (*self.ready, *self.rules[service])


def create_network(scope: Scope, context: AwsContext, keys: AwsKeys) -> AwsNetwork:
    """Declare the VPC and its three tiers; raises ValueError for a block that cannot be divided."""
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
    groups = create_groups(scope, spec, vpc)
    s3, endpoints = create_endpoints(scope, context, vpc, groups, subnets["private"], routing.private_tables)
    rules = create_rules(scope, context, groups, s3)
    names = create_name_filter(scope, context, vpc)
    flow_log_group = create_flow_logs(scope, context, keys, vpc) if spec.network.flow_logs else None
    return AwsNetwork(
        vpc_id=vpc.id,
        public_subnet_ids=routing.public_subnet_ids,
        private_subnet_ids=tuple(subnet.id for subnet in subnets["private"]),
        database_subnet_ids=tuple(subnet.id for subnet in subnets["database"]),
        groups=groups,
        ready=(*filters, *routing.routes, *endpoints, *names),
        rules=rules,
        flow_log_group=flow_log_group,
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


def create_flow_logs(scope: Scope, context: AwsContext, keys: AwsKeys, vpc: aws.ec2.Vpc) -> pulumi.Output[str]:
    """Flow log of all traffic, and a role that writes to its log group only (Security Hub EC2.6); returns the group's name."""
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
        # without permission to write, a flow log starts in the state "Access error"
        opts=scope.opts(depends_on=[grant]),
    )
    return log_group.name
