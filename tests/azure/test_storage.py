"""Blob container: private, versioned, authenticated by identity only."""

from hypothesis import given
from hypothesis import strategies as st

from providers.azure.base import roles
from providers.azure.storage.limits import blob_retention
from providers.contract.diagnostics import Effect
from providers.contract.spec import StorageSpec
from tests.azure.plans import adjustments, base_plan, input_at


def test_the_account_has_no_keys_and_no_public_access() -> None:
    account = base_plan().one("prod-storage")
    inputs = account.inputs
    assert (inputs["allowSharedKeyAccess"], inputs["allowBlobPublicAccess"]) == (False, False)
    assert (inputs["publicNetworkAccess"], inputs["minimumTlsVersion"]) == ("Disabled", "TLS1_2")
    assert (inputs["isLocalUserEnabled"], inputs["isSftpEnabled"]) == (False, False)
    assert input_at(account, "networkRuleSet.defaultAction") == "Deny"
    assert {container.inputs["publicAccess"] for container in base_plan().of_type("storage:BlobContainer")} == {"None"}


def test_objects_are_encrypted_twice() -> None:
    for own, source in ((True, "Microsoft.Keyvault"), (False, "Microsoft.Storage")):
        account = base_plan(azure__customer_managed_keys=own).one("prod-storage")
        assert input_at(account, "encryption.keySource") == source
        assert input_at(account, "encryption.requireInfrastructureEncryption") is True


def test_services_that_use_storage_have_one_role_on_the_container() -> None:
    assignments = base_plan().of_type("authorization:RoleAssignment")
    users = [each for each in assignments if each.name.startswith("prod-storage-")]
    assert [each.name for each in users] == ["prod-storage-gateway-objects"]
    assert users[0].inputs["scope"] == "<storage:BlobContainer prod-storage-objects>.id"
    assert str(users[0].inputs["roleDefinitionId"]).endswith(roles.BLOB_DATA_CONTRIBUTOR)


def test_replaced_objects_are_kept_for_the_requested_days() -> None:
    plan = base_plan(storage__noncurrent_days=30)
    version = "policy.rules.0.definition.actions.version.delete.daysAfterCreationGreaterThan"
    assert input_at(plan.one("prod-storage-lifecycle"), version) == 30
    assert input_at(plan.one("prod-storage-blobs"), "deleteRetentionPolicy.days") == 30
    assert plan.one("prod-storage-blobs").inputs["isVersioningEnabled"] is True


def test_without_versioning_soft_delete_keeps_objects_for_a_week() -> None:
    plan = base_plan(storage__versioning=False)
    blobs = plan.one("prod-storage-blobs")
    assert (blobs.inputs["isVersioningEnabled"], input_at(blobs, "deleteRetentionPolicy.days")) == (False, 7)
    assert "prod-storage-lifecycle" not in {r.name for r in plan.custom}


@given(st.integers(1, 5000))
def test_point_in_time_restore_is_shorter_than_soft_delete(days: int) -> None:
    retention = blob_retention(StorageSpec(noncurrent_days=days))
    assert 1 <= retention.soft_delete_days <= 365
    assert retention.restore_days is None or 1 <= retention.restore_days < retention.soft_delete_days


def test_retention_longer_than_requested_is_reported() -> None:
    longer = adjustments({"storage.noncurrent_days": 30})["storage.noncurrent_days"]
    assert longer.effect is Effect.ADJUSTED and longer.reason.startswith("30 to 60 days")
    deleted = adjustments({"storage.versioning": False})["storage.versioning"]
    assert deleted.effect is Effect.PARTIAL and "7 days" in deleted.reason


def test_production_protects_objects_from_deletion() -> None:
    assert base_plan().one("prod-storage").protect
    assert base_plan().one("prod-storage-objects", "storage:BlobContainer").protect
    assert not base_plan(profile="staging").one("prod-storage").protect


def test_requests_to_the_blob_service_are_logged() -> None:
    assert base_plan().one("prod-storage-blob-diagnostics").inputs["resourceUri"] == (
        "<storage:BlobServiceProperties prod-storage-blobs>.id"
    )
