"""Replication of objects to the bucket of the standby region: new versions and delete markers, within 15 minutes.

S3 copies what is written after the rule exists. The role may read versions of the source, write replicas to the destination,
and use each region's key only through S3 and only for that bucket (with bucket keys the encryption context is the bucket's
ARN: Amazon S3 user guide, "Replicating encrypted objects").
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.context import AwsContext
from providers.aws.storage.bucket import SecureBucket
from providers.contract.component import Scope

REPLICATION_RULE = "standby"
"""Identifier of the replication rule, a dimension of its metrics."""
REPLICATION_MINUTES = 15
"""The only value of S3 Replication Time Control."""
READ_VERSIONS = (
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
)
WRITE_REPLICAS = ("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags")


@dataclass(frozen=True)
class ReplicationPlace:
    """Region, data key and bucket of one side of a replication."""

    context: AwsContext
    key: pulumi.Input[str]
    bucket: SecureBucket


def create_replication(scope: Scope, source: ReplicationPlace, destination: ReplicationPlace) -> None:
    """Declare the role and the replication of a bucket."""
    context, origin, copies = source.context, source.bucket, destination.bucket
    role = aws.iam.Role(
        scope.named("objects"),
        description=f"S3 copies objects of the stack {context.stack} to {destination.context.region}",
        assume_role_policy=trust(context, "s3.amazonaws.com", f"arn:{context.partition}:s3:::*"),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named("objects"),
        role=role.name,
        policy=document(
            allow(("s3:GetReplicationConfiguration", "s3:ListBucket"), origin.arn),
            allow(READ_VERSIONS, _objects(origin)),
            allow(WRITE_REPLICAS, _objects(copies)),
            allow("kms:Decrypt", source.key, _through_s3(context, origin)),
            allow(("kms:Encrypt", "kms:GenerateDataKey"), destination.key, _through_s3(destination.context, copies)),
        ),
        opts=scope.opts(),
    )
    aws.s3.BucketReplicationConfig(
        scope.named("objects"),
        bucket=origin.name,
        role=role.arn,
        rules=[_rule(destination)],
        # S3 refuses replication between buckets without versions, and copies that the role may not make are lost
        opts=scope.opts(depends_on=[origin.versioning, copies.versioning, policy]),
    )


def _rule(destination: ReplicationPlace) -> aws.s3.BucketReplicationConfigRuleArgs:
    return aws.s3.BucketReplicationConfigRuleArgs(
        id=REPLICATION_RULE,
        status="Enabled",
        priority=1,
        filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix=""),
        delete_marker_replication=aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Enabled"),
        source_selection_criteria=aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(
                status="Enabled"
            )
        ),
        destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(
            bucket=destination.bucket.arn,
            encryption_configuration=aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                replica_kms_key_id=destination.key
            ),
            replication_time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
                status="Enabled",
                time=aws.s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=REPLICATION_MINUTES),
            ),
            metrics=aws.s3.BucketReplicationConfigRuleDestinationMetricsArgs(
                status="Enabled",
                event_threshold=aws.s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(
                    minutes=REPLICATION_MINUTES
                ),
            ),
        ),
    )


def _objects(bucket: SecureBucket) -> pulumi.Output[str]:
    return pulumi.Output.concat(bucket.arn, "/*")


def _through_s3(context: AwsContext, bucket: SecureBucket) -> Statement:
    service = f"s3.{context.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": service, "kms:EncryptionContext:aws:s3:arn": bucket.arn}}
