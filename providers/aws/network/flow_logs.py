"""Flow logs: every connection of the VPC, accepted or refused, in a log group that is kept as long as the others."""

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import allow, document, trust
from providers.aws.base.keys import AwsKeys
from providers.aws.context import AwsContext
from providers.aws.observability.logs import create_log_group
from providers.contract.component import Scope

AGGREGATION_SECONDS = 60
"""The shortest AWS offers; its default of ten minutes is too coarse to tell one incident from another."""
WRITE = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


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
