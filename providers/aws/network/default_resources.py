"""What AWS puts into every VPC, adopted and emptied: a subnet or interface that is given nothing gets nothing."""

import pulumi_aws as aws

from providers.contract.component import Scope


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
