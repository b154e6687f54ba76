"""Objects: one private S3 bucket, and beside it the bucket that records who asked for what.

Access goes by the task role, so no key is handed out; the region's own endpoint keeps the requests in the network.
"""

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document, sent_by, through
from providers.aws.base.resources import AwsBaseResources
from providers.aws.context import AwsContext
from providers.aws.storage.bucket import AccessLog, ObjectLifecycle, SecureBucket, secure_bucket
from providers.contract.component import Scope
from providers.contract.results import ObjectStore

OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
ACCESS_LOG_PREFIX = "storage/"


def create_storage(scope: Scope, base: AwsBaseResources) -> ObjectStore:
    """The bucket of the services that use storage, and the grants of those services on it."""
    wanted = base.spec.storage
    if wanted is None:
        raise ValueError("the platform has no storage")
    bucket = secure_bucket(
        scope,
        encryption_key=base.keys.data,
        keeping=ObjectLifecycle(wanted.versioning, wanted.noncurrent_days, protect=base.context.production),
        access_log=AccessLog(_access_log(scope, base.context), ACCESS_LOG_PREFIX),
    )
    grants = [_grant(scope, base, bucket, service) for service in base.spec.users_of("storage")]
    return ObjectStore(_granted(bucket.name, grants), pulumi.Output.from_input(endpoint_url(base.context)))


def endpoint_url(context: AwsContext) -> str:
    """S3's endpoint of the region; China's has its own domain."""
    return f"https://s3.{context.region}.amazonaws.com{'.cn' if context.partition == 'aws-cn' else ''}"


def _granted(name: pulumi.Output[str], grants: list[aws.iam.RolePolicy]) -> pulumi.Output[str]:
    """The name, known only when its users may use it: whoever reads it waits for the grants, on the way down too."""
    return pulumi.Output.all(name, *[grant.id for grant in grants]).apply(lambda known: str(known[0]))


def _access_log(scope: Scope, context: AwsContext) -> SecureBucket:
    """S3 delivers access logs only into buckets under its own keys."""

    def deliver(arn: pulumi.Output[str]) -> list[Statement]:
        statement = allow("s3:PutObject", pulumi.Output.concat(arn, "/", ACCESS_LOG_PREFIX, "*"))
        source = f"arn:{context.partition}:s3:::{scope.named()}*"
        who = {"Service": "logging.s3.amazonaws.com"}
        return [{"Sid": "DeliverAccessLogs", **statement, "Principal": who, "Condition": sent_by(context, source)}]

    keeping = ObjectLifecycle(expire_days=context.spec.monitoring.log_retention_days, protect=context.production)
    return secure_bucket(scope, "access", encryption_key=None, keeping=keeping, statements=deliver)


def _grant(scope: Scope, base: AwsBaseResources, bucket: SecureBucket, service: str) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{service}-objects"),
        role=base.identity.task[service].name,
        policy=document(
            allow(OBJECT_ACTIONS, pulumi.Output.concat(bucket.arn, "/*")),
            allow("s3:ListBucket", bucket.arn),
            allow(("kms:Decrypt", "kms:GenerateDataKey"), base.keys.data, through(base.context, "s3")),
        ),
        opts=scope.opts(),
    )
