"""Log groups with the stack's retention, encrypted with the telemetry key, and protected from deletion in production.

A log group is declared before the resource that writes to it, because AWS creates a missing one without encryption and
without a retention period.
"""

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.contract.component import Scope


def create_log_group(
    scope: Scope,
    part: str,
    context: AwsContext,
    key_arn: pulumi.Input[str],
    name: str,
    provider: pulumi.ProviderResource | None = None,
) -> aws.cloudwatch.LogGroup:
    """Log group `name`; its logical name is `scope.named(part)`, and its provider the scope's unless another is given."""
    return aws.cloudwatch.LogGroup(
        scope.named(part),
        name=name,
        retention_in_days=context.spec.monitoring.log_retention_days,
        kms_key_id=key_arn,
        deletion_protection_enabled=context.production,
        opts=scope.opts() if provider is None else scope.opts(provider=provider),
    )
