"""Buckets: privacy, encryption, versions, access log and permissions."""

import pytest

from automation.plan.inventory import Inventory
from tests.aws.plans import development
from tests.aws.readers import json_objects, statements

BUCKETS = ("prod-storage", "prod-storage-access")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_never_public(prod: Inventory, bucket: str) -> None:
    block = prod.one(f"{bucket}-private").inputs
    assert all(
        block[key] is True
        for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    )
    assert prod.one(f"{bucket}-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_refuses_plain_text_and_old_tls(prod: Inventory, bucket: str) -> None:
    plain_text, old_tls = statements(prod.one(f"{bucket}-policy"))[:2]
    arn = f"<s3:Bucket {bucket}>.arn"
    for refused in (plain_text, old_tls):
        assert (refused["Effect"], refused["Principal"], refused["Resource"]) == ("Deny", "*", [arn, f"{arn}/*"])
    assert plain_text["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert old_tls["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def test_every_bucket_has_exactly_one_policy(prod: Inventory) -> None:
    buckets = sorted(f"<s3:Bucket {bucket.name}>.id" for bucket in prod.of_type("s3:Bucket"))
    assert sorted(str(policy.inputs["bucket"]) for policy in prod.of_type("s3:BucketPolicy")) == buckets


def test_a_bucket_policy_depends_on_the_public_access_block(prod: Inventory) -> None:
    waited = " ".join(prod.one("prod-storage-policy").depends_on)
    assert "prod-storage-private" in waited and "prod-storage-ownership" in waited


def encryption(plan: Inventory, bucket: str) -> dict[str, object]:
    (rule,) = json_objects(plan.one(f"{bucket}-encryption").inputs["rules"])
    return rule


def test_objects_are_encrypted_by_the_platforms_key(prod: Inventory) -> None:
    rule = encryption(prod, "prod-storage")
    assert rule["applyServerSideEncryptionByDefault"] == {
        "kmsMasterKeyId": "<kms:Key prod-keys-data>.arn",
        "sseAlgorithm": "aws:kms",
    }
    assert (rule["bucketKeyEnabled"], rule["blockedEncryptionTypes"]) == (True, ["SSE-C"])


def test_access_logs_are_encrypted_with_s3_managed_keys(prod: Inventory) -> None:
    rule = encryption(prod, "prod-storage-access")
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_noncurrent_versions_are_kept_for_the_days_of_the_spec(prod: Inventory) -> None:
    assert prod.one("prod-storage-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert lifecycle(prod, "prod-storage")["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert lifecycle(development(), "dev-storage")["noncurrentVersionExpiration"] == {"noncurrentDays": 5}


def lifecycle(plan: Inventory, bucket: str) -> dict[str, object]:
    (rule,) = json_objects(plan.one(f"{bucket}-lifecycle").inputs["rules"])
    return rule


def test_without_versioning_it_is_suspended() -> None:
    assert development().one("dev-storage-versioning").inputs["versioningConfiguration"] == {"status": "Suspended"}


def test_objects_never_expire_but_unfinished_uploads_and_access_logs_do(prod: Inventory) -> None:
    rule = lifecycle(prod, "prod-storage")
    assert "expiration" not in rule
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert lifecycle(prod, "prod-storage-access")["expiration"] == {"days": 365}
    assert lifecycle(development(), "dev-storage-access")["expiration"] == {"days": 30}


def test_production_protects_the_bucket_and_no_profile_forces_deletion(prod: Inventory) -> None:
    assert prod.one("prod-storage", "s3:Bucket").protect
    assert not development().one("dev-storage", "s3:Bucket").protect
    assert development().one("dev-storage", "s3:Bucket").inputs["forceDestroy"] is False


def test_every_request_is_logged_in_the_access_log_bucket(prod: Inventory) -> None:
    log = prod.one("prod-storage-access-log").inputs
    assert (log["targetBucket"], log["targetPrefix"]) == ("<s3:Bucket prod-storage-access>.id", "storage/")
    delivery = statements(prod.one("prod-storage-access-policy"))[2]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Resource"] == "<s3:Bucket prod-storage-access>.arn/storage/*"
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::prod-storage*"},
    }


def test_a_service_with_storage_may_use_this_bucket_only(prod: Inventory) -> None:
    policy = prod.one("prod-storage-gateway-objects")
    assert policy.inputs["role"] == "<iam:Role prod-identity-gateway-task>.name"
    objects, listing, key = statements(policy)
    assert objects["Resource"] == "<s3:Bucket prod-storage>.arn/*"
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "<s3:Bucket prod-storage>.arn")
    assert key["Resource"] == "<kms:Key prod-keys-data>.arn"
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}}


def test_only_services_with_storage_have_permissions_on_it(prod: Inventory) -> None:
    granted = [policy.name for policy in prod.of_type("iam:RolePolicy") if "s3:" in str(policy.inputs["policy"])]
    assert granted == ["prod-storage-gateway-objects"]


def test_a_service_depends_on_its_bucket_permission(prod: Inventory) -> None:
    task = prod.one("prod-compute-gateway-task")
    assert any(urn.endswith("::prod-storage-gateway-objects") for urn in task.depends_on)
