"""Private bucket, and the services that may use it."""

from automation.plan.inventory import Inventory
from tests.gcp.plans import development, text_at, value_at, values_at


def inputs(plan: Inventory, stack: str = "prod") -> dict[str, object]:
    return dict(plan.one(f"{stack}-storage", "storage:Bucket").inputs)


def conditions(plan: Inventory, stack: str = "prod") -> dict[str, object]:
    """Conditions of the lifecycle rules, by action."""
    rules = values_at(inputs(plan, stack), "lifecycleRules")
    return {text_at(rule, "action", "type"): value_at(rule, "condition") for rule in rules}


def test_the_bucket_can_never_be_made_public(prod: Inventory) -> None:
    assert (inputs(prod)["publicAccessPrevention"], inputs(prod)["uniformBucketLevelAccess"]) == ("enforced", True)


def test_the_bucket_is_encrypted_with_the_data_key(prod: Inventory) -> None:
    assert inputs(prod)["encryption"] == {"defaultKmsKeyName": "<kms:CryptoKey prod-keys-data>.id"}


def test_the_bucket_is_in_the_region_of_the_stack(prod: Inventory) -> None:
    assert (inputs(prod)["location"], inputs(development(), "dev")["location"]) == ("US-CENTRAL1", "EUROPE-WEST1")


def test_versioning_is_that_of_the_spec(prod: Inventory) -> None:
    assert (inputs(prod)["versioning"], inputs(development(), "dev")["versioning"]) == (
        {"enabled": True},
        {"enabled": False},
    )


def test_noncurrent_objects_are_deleted_after_the_days_of_the_spec(prod: Inventory) -> None:
    assert conditions(prod)["Delete"] == {"daysSinceNoncurrentTime": 90, "withState": "ARCHIVED"}
    assert value_at(conditions(development(), "dev")["Delete"], "daysSinceNoncurrentTime") == 5


def test_incomplete_uploads_are_aborted_after_a_week(prod: Inventory) -> None:
    assert conditions(prod)["AbortIncompleteMultipartUpload"] == {"age": 7}


def test_deleted_objects_can_be_restored_for_a_week(prod: Inventory) -> None:
    assert inputs(prod)["softDeletePolicy"] == {"retentionDurationSeconds": 604800}


def test_production_protects_the_bucket_from_deletion(prod: Inventory) -> None:
    bucket = prod.one("prod-storage", "storage:Bucket")
    assert (bucket.protect, bucket.inputs["deletionPolicy"], bucket.inputs["forceDestroy"]) == (True, "PREVENT", False)
    assert inputs(development(), "dev")["deletionPolicy"] == "DELETE"


def test_only_users_of_storage_read_and_write(prod: Inventory) -> None:
    roles = {grant.name: grant.inputs["role"] for grant in prod.of_type("storage:BucketIAMMember")}
    assert roles == {"prod-storage-gateway": "roles/storage.objectUser"}
