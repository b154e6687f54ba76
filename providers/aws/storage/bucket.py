"""A secure bucket: private, versioned, encrypted, TLS only, with a lifecycle and exactly one policy.

S3 spreads a bucket over a resource a setting. They stand together here so that no bucket of the platform can lack one.
A bucket has one policy: whoever delivers into it hands its statements over, and they are merged with the two refusals.
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
    """Name and ARN of a bucket; `policy` is what a service that delivers into it waits for."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    policy: aws.s3.BucketPolicy


@dataclass(frozen=True)
class ObjectLifecycle:
    """How long a bucket keeps what: replaced objects `noncurrent_days`, all objects `expire_days` (None: for ever)."""

    versioning: bool = True
    noncurrent_days: int = 7
    expire_days: int | None = None
    protect: bool = False
    """Refuse to delete the bucket by the stack. S3 itself refuses as long as the bucket holds an object."""


@dataclass(frozen=True)
class AccessLog:
    """Bucket and prefix that receive a line for every request."""

    bucket: SecureBucket
    prefix: str


def no_statements(_arn: pulumi.Output[str]) -> Sequence[Statement]:
    """Nobody but this account's principals."""
    return ()


def secure_bucket(
    scope: Scope,
    part: str = "",
    *,
    encryption_key: pulumi.Input[str] | None,
    keeping: ObjectLifecycle = ObjectLifecycle(),
    statements: Callable[[pulumi.Output[str]], Sequence[Statement]] = no_statements,
    access_log: AccessLog | None = None,
) -> SecureBucket:
    """A bucket named by S3 after `room.named(part)`.

    `encryption_key` None means keys of S3's own (AES256), which log delivery demands; `statements` gets the bucket's
    ARN and returns what joins its policy.
    """
    bucket = aws.s3.Bucket(scope.named(part), force_destroy=False, opts=scope.opts(protect=keeping.protect))
    owned = _refuse_the_public(scope, part, bucket)
    _encrypt(scope, part, bucket, encryption_key)
    _keep(scope, part, bucket, keeping)
    _tell(scope, part, bucket, access_log)
    policy = aws.s3.BucketPolicy(
        _named(scope, part, "policy"),
        bucket=bucket.id,
        policy=document(*_refuse_plain_text(bucket.arn), *statements(bucket.arn)),
        # S3 answers OperationAborted when these three change a bucket at once
        opts=scope.opts(depends_on=owned),
    )
    return SecureBucket(bucket.id, bucket.arn, policy)


def _named(scope: Scope, part: str, setting: str) -> str:
    return scope.named(f"{part}-{setting}" if part else setting)


def _refuse_the_public(scope: Scope, part: str, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
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


def _refuse_plain_text(arn: pulumi.Output[str]) -> list[Statement]:
    refused = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
    }
    return [
        {"Sid": "RefusePlainText", **refused, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "RefuseOldTls", **refused, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
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
                # one data key an hour and prefix instead of one an object: KMS bills and limits requests
                bucket_key_enabled=key is not None,
                blocked_encryption_types=["SSE-C"],
            )
        ],
        opts=scope.opts(),
    )


def _keep(scope: Scope, part: str, bucket: aws.s3.Bucket, keeping: ObjectLifecycle) -> None:
    versioning = aws.s3.BucketVersioning(
        _named(scope, part, "versioning"),
        bucket=bucket.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
            # a bucket that once had versions can only be suspended, never "Disabled"
            status="Enabled" if keeping.versioning else "Suspended",
        ),
        opts=scope.opts(),
    )
    aws.s3.BucketLifecycleConfiguration(
        _named(scope, part, "lifecycle"),
        bucket=bucket.id,
        rules=[_lifecycle(keeping)],
        # rules on versions are refused while versioning is being switched on
        opts=scope.opts(depends_on=[versioning]),
    )


def _lifecycle(keeping: ObjectLifecycle) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="keep",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=keeping.expire_days)
        if keeping.expire_days
        else None,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=keeping.noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=UNFINISHED_UPLOAD_DAYS
        ),
    )


def _tell(scope: Scope, part: str, bucket: aws.s3.Bucket, access_log: AccessLog | None) -> None:
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
            # deliveries before the policy stands are lost
            opts=scope.opts(depends_on=[access_log.bucket.policy]),
        )
