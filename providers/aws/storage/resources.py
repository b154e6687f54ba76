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


def create_storage(room: Scope, ground: AwsBaseResources) -> ObjectStore:
    """The bucket of the services that use storage, and the grants of those services on it."""
    wanted = ground.spec.storage
    if wanted is None:
        raise ValueError("the platform has no storage")
    bucket = secure_bucket(
        room,
        encryption_key=ground.keys.data,
        keeping=ObjectLifecycle(wanted.versioning, wanted.noncurrent_days, protect=ground.site.production),
        access_log=AccessLog(_access_log(room, ground.site), ACCESS_LOG_PREFIX),
    )
    grants = [_grant(room, ground, bucket, service) for service in ground.spec.users_of("storage")]
    return ObjectStore(_granted(bucket.name, grants), pulumi.Output.from_input(endpoint_url(ground.site)))


def endpoint_url(site: AwsContext) -> str:
    """S3's endpoint of the region; China's has its own domain."""
    return f"https://s3.{site.region}.amazonaws.com{'.cn' if site.partition == 'aws-cn' else ''}"


def _granted(name: pulumi.Output[str], grants: list[aws.iam.RolePolicy]) -> pulumi.Output[str]:
    """The name, known only when its users may use it: whoever reads it waits for the grants, on the way down too."""
    return pulumi.Output.all(name, *[grant.id for grant in grants]).apply(lambda known: str(known[0]))


def _access_log(room: Scope, site: AwsContext) -> SecureBucket:
    """S3 delivers access logs only into buckets under its own keys."""

    def deliver(arn: pulumi.Output[str]) -> list[Statement]:
        statement = allow("s3:PutObject", pulumi.Output.concat(arn, "/", ACCESS_LOG_PREFIX, "*"))
        source = f"arn:{site.partition}:s3:::{room.named()}*"
        who = {"Service": "logging.s3.amazonaws.com"}
        return [{"Sid": "DeliverAccessLogs", **statement, "Principal": who, "Condition": sent_by(site, source)}]

    keeping = ObjectLifecycle(expire_days=site.spec.monitoring.log_retention_days, protect=site.production)
    return secure_bucket(room, "access", encryption_key=None, keeping=keeping, statements=deliver)


def _grant(room: Scope, ground: AwsBaseResources, bucket: SecureBucket, service: str) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        room.named(f"{service}-objects"),
        role=ground.identity.task[service].name,
        policy=document(
            allow(OBJECT_ACTIONS, pulumi.Output.concat(bucket.arn, "/*")),
            allow("s3:ListBucket", bucket.arn),
            allow(("kms:Decrypt", "kms:GenerateDataKey"), ground.keys.data, through(ground.site, "s3")),
        ),
        opts=room.opts(),
    )
