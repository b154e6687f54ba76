"""Objects: one private bucket, one right per service on it.

The bucket's name is given by Pulumi, since all buckets of the world share one space of names. Who reads and writes is
in the audit log that `account` switches on, which replaces the older usage logs and their second bucket. What was
deleted by mistake comes back for a week even without versions.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import ObjectStore
from providers.contract.spec import StorageSpec
from providers.gcp.base.resources import GcpBaseResources

ENDPOINT_URL = "https://storage.googleapis.com"
READ_AND_WRITE = "roles/storage.objectUser"
DELETED_SECONDS = 7 * 24 * 3600
UNFINISHED_UPLOAD_DAYS = 7


def create_storage(scope: Scope, base: GcpBaseResources) -> ObjectStore:
    """The bucket of the services that use storage, and the grants of those services on it."""
    wanted = base.spec.storage
    if wanted is None:
        raise ValueError("the platform has no storage")
    bucket = _bucket(scope, base, wanted)
    for service in base.spec.users_of("storage"):
        gcp.storage.BucketIAMMember(
            scope.named(service),
            bucket=bucket.name,
            role=READ_AND_WRITE,
            member=base.identity.member(service),
            opts=scope.opts(),
        )
    return ObjectStore(bucket=bucket.name, endpoint_url=pulumi.Output.from_input(ENDPOINT_URL))


def _bucket(scope: Scope, base: GcpBaseResources, wanted: StorageSpec) -> gcp.storage.Bucket:
    context = base.context
    return gcp.storage.Bucket(
        scope.named(),
        project=context.project,
        # in capitals, as the API answers, or every plan would show a difference
        location=context.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        versioning=gcp.storage.BucketVersioningArgs(enabled=wanted.versioning),
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=base.keys.usable["storage"]),
        soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=DELETED_SECONDS),
        lifecycle_rules=[_after_replaced(wanted), _unfinished()],
        force_destroy=False,
        deletion_policy=context.deletion_policy,
        opts=scope.opts(protect=context.production),
    )


def _after_replaced(wanted: StorageSpec) -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(
            days_since_noncurrent_time=wanted.noncurrent_days, with_state="ARCHIVED"
        ),
    )


def _unfinished() -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=UNFINISHED_UPLOAD_DAYS),
    )
