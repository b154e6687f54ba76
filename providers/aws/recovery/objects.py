"""Replication of objects to the bucket of the standby region: new versions and delete markers, within 15 minutes.

S3 copies what is written after the rule exists. The role may read versions of the source, write replicas to the destination,
and use each region's key only through S3 and only for that bucket (with bucket keys the encryption context is the bucket's
ARN: Amazon S3 user guide, "Replicating encrypted objects").
"""

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, trust
from providers.aws.base.resources import AwsBaseResources
from providers.aws.base.standby import AwsStandby
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


def create_replication(
    scope: Scope, base: AwsBaseResources, standby: AwsStandby, source: SecureBucket, destination: SecureBucket
) -> None:
    """Declare the role and the replication of a bucket."""
    role = aws.iam.Role(
        scope.named("objects"),
        description=f"S3 copies objects of the stack {base.context.stack} to {standby.region}",
        assume_role_policy=trust(base.context, "s3.amazonaws.com", f"arn:{base.context.partition}:s3:::*"),
        opts=scope.opts(),
    )
    policy = aws.iam.RolePolicy(
        scope.named("objects"),
        role=role.name,
        policy=document(
            allow(("s3:GetReplicationConfiguration", "s3:ListBucket"), source.arn),
            allow(READ_VERSIONS, _objects(source)),
            allow(WRITE_REPLICAS, _objects(destination)),
            allow("kms:Decrypt", base.keys.data, _through_s3(base.context, source)),
            allow(("kms:Encrypt", "kms:GenerateDataKey"), standby.key, _through_s3(standby.context, destination)),
        ),
        opts=scope.opts(),
    )
    aws.s3.BucketReplicationConfig(
        scope.named("objects"),
        bucket=source.name,
        role=role.arn,
        rules=[_rule(standby, destination)],
        # S3 refuses replication between buckets without versions, and copies that the role may not make are lost
        opts=scope.opts(depends_on=[source.versioning, destination.versioning, policy]),
    )


def _rule(standby: AwsStandby, destination: SecureBucket) -> aws.s3.BucketReplicationConfigRuleArgs:
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
            bucket=destination.arn,
            encryption_configuration=aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                replica_kms_key_id=standby.key
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
