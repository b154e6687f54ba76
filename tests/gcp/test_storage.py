"""Objects: one private bucket and who may use it."""

from typing import cast

from automation.plan.inventory import Inventory
from tests.gcp.lighter import lighter

Rule = dict[str, dict[str, object]]


def inputs(plan: Inventory, stack: str = "prod") -> dict[str, object]:
    return dict(plan.one(f"{stack}-storage", "storage:Bucket").inputs)


def rules(plan: Inventory, stack: str = "prod") -> dict[object, dict[str, object]]:
    declared = cast("list[Rule]", inputs(plan, stack)["lifecycleRules"])
    return {rule["action"]["type"]: rule["condition"] for rule in declared}


def test_the_bucket_can_never_be_made_public(prod: Inventory) -> None:
    assert (inputs(prod)["publicAccessPrevention"], inputs(prod)["uniformBucketLevelAccess"]) == ("enforced", True)


def test_the_bucket_is_encrypted_by_the_platforms_key(prod: Inventory) -> None:
    assert inputs(prod)["encryption"] == {"defaultKmsKeyName": "<kms:CryptoKey prod-keys-data>.id"}


def test_the_bucket_stands_in_the_stacks_region(prod: Inventory) -> None:
    assert (inputs(prod)["location"], inputs(lighter(), "dev")["location"]) == ("US-CENTRAL1", "EUROPE-WEST1")


def test_versions_are_the_specs(prod: Inventory) -> None:
    assert (inputs(prod)["versioning"], inputs(lighter(), "dev")["versioning"]) == (
        {"enabled": True},
        {"enabled": False},
    )


def test_replaced_objects_go_after_the_days_of_the_spec(prod: Inventory) -> None:
    assert rules(prod)["Delete"] == {"daysSinceNoncurrentTime": 90, "withState": "ARCHIVED"}
    assert rules(lighter(), "dev")["Delete"]["daysSinceNoncurrentTime"] == 5


def test_unfinished_uploads_go_after_a_week(prod: Inventory) -> None:
    assert rules(prod)["AbortIncompleteMultipartUpload"] == {"age": 7}


def test_what_was_deleted_comes_back_for_a_week(prod: Inventory) -> None:
    assert inputs(prod)["softDeletePolicy"] == {"retentionDurationSeconds": 604800}


def test_production_does_not_lose_its_bucket_by_accident(prod: Inventory) -> None:
    bucket = prod.one("prod-storage", "storage:Bucket")
    assert (bucket.protect, bucket.inputs["deletionPolicy"], bucket.inputs["forceDestroy"]) == (True, "PREVENT", False)
    assert inputs(lighter(), "dev")["deletionPolicy"] == "DELETE"


def test_only_users_of_storage_read_and_write(prod: Inventory) -> None:
    rights = {right.name: right.inputs["role"] for right in prod.of_type("storage:BucketIAMMember")}
    assert rights == {"prod-storage-gateway": "roles/storage.objectUser"}
