"""Private S3 bucket for objects, and a bucket for its access log.

Services use the bucket with their task role, so there is no access key; the region's own endpoint keeps requests inside
the network.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, key_usage_condition, source_condition
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.storage.bucket import AccessLog, ObjectLifecycle, SecureBucket, secure_bucket
from providers.contract.component import Scope
from providers.contract.results import ObjectStore

OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
ACCESS_LOG_PREFIX = "storage/"


@dataclass(frozen=True)
class AwsStorage(ObjectStore):
    """Bucket of the services, with the settings that replication depends on."""

    secure: SecureBucket


def create_storage(scope: Scope, base: AwsBaseResources) -> AwsStorage:
    """Declare the bucket, and the permissions of the services that use storage; the standby region has its bucket already."""
    received = base.received
    if received is not None and received.bucket is not None:
        scope, bucket = received.scopes["storage"], received.bucket
    else:
        bucket = create_bucket(scope, base.context, base.keys.data)
    grants = [_grant(scope, base, bucket, service) for service in base.spec.users_of("storage")]
    endpoint = pulumi.Output.from_input(endpoint_url(base.context))
    return AwsStorage(_after_grants(bucket.name, grants), endpoint, bucket)


def create_bucket(scope: Scope, context: AwsContext, key: pulumi.Input[str]) -> SecureBucket:
    """Declare the bucket of a region with its access log; the home and the standby region have the same settings."""
    storage = context.spec.storage
    if storage is None:
        raise ValueError("the platform has no storage")
    return secure_bucket(
        scope,
        encryption_key=key,
        lifecycle=ObjectLifecycle(storage.versioning, storage.noncurrent_days, protect=context.production),
        access_log=AccessLog(_access_log(scope, context), ACCESS_LOG_PREFIX),
    )


def endpoint_url(context: AwsContext) -> str:
    """S3 endpoint of the region; China has a separate domain."""
    return f"https://s3.{context.region}.amazonaws.com{'.cn' if context.partition == 'aws-cn' else ''}"


def _after_grants(name: pulumi.Output[str], grants: list[aws.iam.RolePolicy]) -> pulumi.Output[str]:
    """Bucket name that resolves after the permissions exist: its readers depend on them, also on destroy."""
    return pulumi.Output.all(name, *[grant.id for grant in grants]).apply(lambda values: str(values[0]))


def _access_log(scope: Scope, context: AwsContext) -> SecureBucket:
    """Bucket for access logs, which S3 only delivers into buckets with S3-managed keys."""

    def deliver(arn: pulumi.Output[str]) -> list[Statement]:
        statement = allow("s3:PutObject", pulumi.Output.concat(arn, "/", ACCESS_LOG_PREFIX, "*"))
        source = f"arn:{context.partition}:s3:::{scope.named()}*"
        principal = {"Service": "logging.s3.amazonaws.com"}
        return [
            {
                "Sid": "DeliverAccessLogs",
                **statement,
                "Principal": principal,
                "Condition": source_condition(context, source),
            }
        ]

    lifecycle = ObjectLifecycle(expire_days=context.spec.monitoring.log_retention_days, protect=context.production)
    return secure_bucket(scope, "access", encryption_key=None, lifecycle=lifecycle, statements=deliver)


def _grant(scope: Scope, base: AwsBaseResources, bucket: SecureBucket, service: str) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{service}-objects"),
        role=base.identity.task[service].name,
        policy=document(
            allow(OBJECT_ACTIONS, pulumi.Output.concat(bucket.arn, "/*")),
            allow("s3:ListBucket", bucket.arn),
            allow(("kms:Decrypt", "kms:GenerateDataKey"), base.keys.data, key_usage_condition(base.context, "s3")),
        ),
        opts=scope.opts(),
    )
