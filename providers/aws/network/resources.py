"""Isolation and ways out: one VPC with a public, a private and a database tier over the asked zones.

Services live in the private tier. The world reaches them through the load balancer in the public tier alone; they
reach the world through NAT, and AWS itself through endpoints. The database tier has no route out at all. What AWS puts
into every VPC (default security group, route table and ACL) is adopted and emptied, so that nothing works by accident.
What is decided without the cloud (addresses, flows, filters, limits) stands in `providers/aws/topology`.
"""

import pulumi_aws as aws

from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.network.cidr import layout
from providers.aws.network.default_resources import lock_defaults
from providers.aws.network.endpoints import create_endpoints
from providers.aws.network.flow_logs import create_flow_logs
from providers.aws.network.network_acls import create_filters
from providers.aws.network.results import AwsNetwork, SecurityGroups
from providers.aws.network.routing import create_routing
from providers.aws.network.security_groups import create_groups, create_rules
from providers.aws.network.subnets import create_subnets
from providers.contract.component import Scope

__all__ = ["AwsNetwork", "SecurityGroups", "create_network"]


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
