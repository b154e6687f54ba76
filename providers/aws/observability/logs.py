"""A log group: kept as long as the stack says, encrypted by the telemetry key, not deleted by accident in production.

Every group is made here before what writes to it, because AWS makes a missing one without key and without end.
"""

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.contract.component import Scope


def create_log_group(
    scope: Scope, part: str, context: AwsContext, key_arn: pulumi.Input[str], name: str
) -> aws.cloudwatch.LogGroup:
    """The log group `name`; its logical name is `room.named(part)`."""
    return aws.cloudwatch.LogGroup(
        scope.named(part),
        name=name,
        retention_in_days=context.spec.monitoring.log_retention_days,
        kms_key_id=key_arn,
        deletion_protection_enabled=context.production,
        opts=scope.opts(),
    )
