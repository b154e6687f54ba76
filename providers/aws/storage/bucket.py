"""Secure bucket: private, versioned, encrypted, TLS only, with a lifecycle and exactly one policy.

S3 has a separate resource for each setting. They are declared together so that every bucket of the platform has all of
them. A bucket has one policy: statements of services that deliver into the bucket are merged with the two denials.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, document
from providers.contract.component import Scope

UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class SecureBucket:
    """Name and ARN of a bucket; services that deliver into it depend on `policy`, replication on `versioning`."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    policy: aws.s3.BucketPolicy
    versioning: aws.s3.BucketVersioning


@dataclass(frozen=True)
class ObjectLifecycle:
    """Retention of a bucket: `noncurrent_days` for replaced objects, `expire_days` for all (None: no expiry)."""

    versioning: bool = True
    noncurrent_days: int = 7
    expire_days: int | None = None
    protect: bool = False
    """Prevent deletion by the stack. S3 itself refuses to delete a bucket that contains objects."""
    disposable: bool = False
    """Delete the objects with the bucket; for logs outside production, which would make every `destroy` fail."""


@dataclass(frozen=True)
class AccessLog:
    """Bucket and prefix that receive a log line for every request."""

    bucket: SecureBucket
    prefix: str


def no_statements(_arn: pulumi.Output[str]) -> Sequence[Statement]:
    """No statements beside the denials."""
    return ()


def secure_bucket(
    scope: Scope,
    part: str = "",
    *,
    encryption_key: pulumi.Input[str] | None,
    lifecycle: ObjectLifecycle = ObjectLifecycle(),
    statements: Callable[[pulumi.Output[str]], Sequence[Statement]] = no_statements,
    access_log: AccessLog | None = None,
) -> SecureBucket:
    """Declare a bucket and its settings.

    `encryption_key` None selects keys of S3 (AES256), which log delivery requires; `statements` receives the bucket's
    ARN and returns statements for its policy.
    """
    bucket = aws.s3.Bucket(
        scope.named(part), force_destroy=lifecycle.disposable, opts=scope.opts(protect=lifecycle.protect)
    )
    access_settings = _block_public_access(scope, part, bucket)
    _encrypt(scope, part, bucket, encryption_key)
    versioning = _retain(scope, part, bucket, lifecycle)
    _publish_events(scope, part, bucket, access_log)
    policy = aws.s3.BucketPolicy(
        _named(scope, part, "policy"),
        bucket=bucket.id,
        policy=document(*_tls_denials(bucket.arn), *statements(bucket.arn)),
        # S3 returns OperationAborted when these three resources change a bucket at the same time
        opts=scope.opts(depends_on=access_settings),
    )
    return SecureBucket(bucket.id, bucket.arn, policy, versioning)


def _named(scope: Scope, part: str, setting: str) -> str:
    return scope.named(f"{part}-{setting}" if part else setting)


def _block_public_access(scope: Scope, part: str, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
    block = aws.s3.BucketPublicAccessBlock(
        _named(scope, part, "private"),
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=scope.opts(),
    )
    ownership = aws.s3.BucketOwnershipControls(
        _named(scope, part, "ownership"),
        bucket=bucket.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=scope.opts(),
    )
    return [block, ownership]


def _tls_denials(arn: pulumi.Output[str]) -> list[Statement]:
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
    }
    return [
        {"Sid": "RefusePlainText", **denial, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **denial, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]


def _encrypt(scope: Scope, part: str, bucket: aws.s3.Bucket, key: pulumi.Input[str] | None) -> None:
    aws.s3.BucketServerSideEncryptionConfiguration(
        _named(scope, part, "encryption"),
        bucket=bucket.id,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                    sse_algorithm="aws:kms" if key is not None else "AES256",
                    kms_master_key_id=key,
                ),
                # one data key per hour and prefix instead of one per object: KMS bills and limits requests
                bucket_key_enabled=key is not None,
                blocked_encryption_types=["SSE-C"],
            )
        ],
        opts=scope.opts(),
    )


def _retain(scope: Scope, part: str, bucket: aws.s3.Bucket, lifecycle: ObjectLifecycle) -> aws.s3.BucketVersioning:
    versioning = aws.s3.BucketVersioning(
        _named(scope, part, "versioning"),
        bucket=bucket.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
            # versioning that was enabled can only be suspended, never "Disabled"
            status="Enabled" if lifecycle.versioning else "Suspended",
        ),
        opts=scope.opts(),
    )
    aws.s3.BucketLifecycleConfiguration(
        _named(scope, part, "lifecycle"),
        bucket=bucket.id,
        rules=[_lifecycle(lifecycle)],
        # rules on versions are refused while versioning is being enabled
        opts=scope.opts(depends_on=[versioning]),
    )
    return versioning


def _lifecycle(lifecycle: ObjectLifecycle) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="keep",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=lifecycle.expire_days)
        if lifecycle.expire_days
        else None,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=lifecycle.noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=UNFINISHED_UPLOAD_DAYS
        ),
    )


def _publish_events(scope: Scope, part: str, bucket: aws.s3.Bucket, access_log: AccessLog | None) -> None:
    aws.s3.BucketNotification(
        _named(scope, part, "events"),
        bucket=bucket.id,
        eventbridge=True,
        opts=scope.opts(),
    )
    if access_log is not None:
        aws.s3.BucketLogging(
            _named(scope, part, "access-log"),
            bucket=bucket.id,
            target_bucket=access_log.bucket.name,
            target_prefix=access_log.prefix,
            # deliveries before the policy exists are lost
            opts=scope.opts(depends_on=[access_log.bucket.policy]),
        )
