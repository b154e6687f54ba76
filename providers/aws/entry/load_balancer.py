"""The load balancer, and the bucket that keeps a line for every request and connection."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, sent_by
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.naming import load_balancer_name
from providers.aws.storage.bucket import ObjectLifecycle, SecureBucket, secure_bucket
from providers.contract.component import Scope

ACCESS_LOGS = "access"
CONNECTION_LOGS = "connection"
"""Prefixes in the log bucket."""


def create_load_balancer(scope: Scope, base: AwsBaseResources) -> aws.lb.LoadBalancer:
    """The load balancer over the public subnets; deletion protection in production."""
    context, network = base.context, base.network
    logs = _log_bucket(scope, context)
    return aws.lb.LoadBalancer(
        scope.named(),
        name=load_balancer_name(context.stack),
        load_balancer_type="application",
        internal=False,
        subnets=network.public_subnet_ids,
        security_groups=[network.groups.load_balancer.id],
        drop_invalid_header_fields=True,
        desync_mitigation_mode="defensive",
        enable_deletion_protection=context.production,
        enable_zonal_shift=True,
        idle_timeout=context.spec.ingress.idle_timeout_seconds,
        access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.name, prefix=ACCESS_LOGS, enabled=True),
        connection_logs=aws.lb.LoadBalancerConnectionLogsArgs(bucket=logs.name, prefix=CONNECTION_LOGS, enabled=True),
        # the load balancer writes a test object when logs are switched on, which the bucket's policy must allow
        opts=scope.opts(depends_on=[logs.policy]),
    )


def _log_bucket(scope: Scope, context: AwsContext) -> SecureBucket:
    def deliveries(bucket_arn: pulumi.Output[str]) -> Sequence[Statement]:
        return [_delivery(context, bucket_arn, prefix) for prefix in (ACCESS_LOGS, CONNECTION_LOGS)]

    return secure_bucket(
        scope,
        "logs",
        # log delivery cannot write to a bucket under a KMS key: ELB user guide, "Access logs", bucket requirements
        encryption_key=None,
        keeping=ObjectLifecycle(versioning=True, expire_days=context.spec.monitoring.log_retention_days),
        statements=deliveries,
    )


def _delivery(context: AwsContext, bucket_arn: pulumi.Output[str], prefix: str) -> Statement:
    """The right of the log delivery service to write this account's load balancer logs beneath `prefix`."""
    return {
        "Sid": f"Deliver{prefix.capitalize()}Logs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.concat(bucket_arn, f"/{prefix}/AWSLogs/{context.account_id}/*"),
        "Condition": sent_by(context, context.arn("elasticloadbalancing", "loadbalancer/*")),
    }
