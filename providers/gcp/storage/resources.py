"""Private Cloud Storage bucket, with a grant on it for each service that uses storage.

Pulumi generates the bucket's name, because bucket names are globally unique. Reads and writes are in the audit log that
`base/account.py` enables, which replaces the older usage logs and their separate bucket. Deleted objects can be restored
for a week even without versioning.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import ObjectStore
from providers.contract.spec import StorageSpec
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.context import GcpContext

ENDPOINT_URL = "https://storage.googleapis.com"
USER_ROLE = "roles/storage.objectUser"
SOFT_DELETE_SECONDS = 7 * 24 * 3600
INCOMPLETE_UPLOAD_DAYS = 7


def create_storage(scope: Scope, base: GcpBaseResources) -> ObjectStore:
    """Create the bucket, and the grants of the services that use it; the standby region has its bucket already."""
    storage, received = base.spec.storage, base.received
    if storage is None:
        raise ValueError("the platform has no storage")
    if received is not None and received.bucket is not None:
        scope, bucket = received.scopes["storage"], received.bucket
    else:
        bucket = create_bucket(scope, base.context, storage, base.keys.usable["storage"])
    for service in base.spec.users_of("storage"):
        gcp.storage.BucketIAMMember(
            scope.named(service),
            bucket=bucket.name,
            role=USER_ROLE,
            member=base.identity.member(service),
            opts=scope.opts(),
        )
    return ObjectStore(bucket=bucket.name, endpoint_url=pulumi.Output.from_input(ENDPOINT_URL))


def create_bucket(
    scope: Scope, context: GcpContext, storage: StorageSpec, key: pulumi.Input[str]
) -> gcp.storage.Bucket:
    """Create the bucket of a region, encrypted with the key there."""
    return gcp.storage.Bucket(
        scope.named(),
        project=context.project,
        # the API returns upper-case letters; lower case would show a difference in every plan
        location=context.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        versioning=gcp.storage.BucketVersioningArgs(enabled=storage.versioning),
        encryption=gcp.storage.BucketEncryptionArgs(default_kms_key_name=key),
        soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=SOFT_DELETE_SECONDS),
        lifecycle_rules=[_noncurrent_rule(storage), incomplete_upload_rule()],
        force_destroy=False,
        deletion_policy=context.deletion_policy,
        opts=scope.opts(protect=context.production),
    )


def _noncurrent_rule(storage: StorageSpec) -> gcp.storage.BucketLifecycleRuleArgs:
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="Delete"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(
            days_since_noncurrent_time=storage.noncurrent_days, with_state="ARCHIVED"
        ),
    )


def incomplete_upload_rule() -> gcp.storage.BucketLifecycleRuleArgs:
    """Rule that ends uploads which were not finished."""
    return gcp.storage.BucketLifecycleRuleArgs(
        action=gcp.storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
        condition=gcp.storage.BucketLifecycleRuleConditionArgs(age=INCOMPLETE_UPLOAD_DAYS),
    )
