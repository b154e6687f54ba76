"""A log group: kept as long as the stack says, encrypted by the telemetry key, not deleted by accident in production.

Every group is made here before what writes to it, because AWS makes a missing one without key and without end.
"""

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.contract.component import Scope


def create_log_group(
    room: Scope, part: str, site: AwsContext, key_arn: pulumi.Input[str], name: str
) -> aws.cloudwatch.LogGroup:
    """The log group `name`; its logical name is `room.named(part)`."""
    return aws.cloudwatch.LogGroup(
        room.named(part),
        name=name,
        retention_in_days=site.spec.monitoring.log_retention_days,
        kms_key_id=key_arn,
        deletion_protection_enabled=site.production,
        opts=room.opts(),
    )
