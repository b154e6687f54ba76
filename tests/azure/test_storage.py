"""Objects: private, versioned, reached by identity alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.azure.base import roles as rights
from providers.azure.limits import LIMITS
from providers.azure.storage.limits import keeping
from providers.contract.spec import StorageSpec
from tests.azure.laid import at, laid, spec_of


def test_the_account_takes_no_key_and_nobody_from_outside() -> None:
    inputs = laid().one("prod-storage").inputs
    assert (inputs["allowSharedKeyAccess"], inputs["allowBlobPublicAccess"]) == (False, False)
    assert (inputs["publicNetworkAccess"], inputs["minimumTlsVersion"]) == ("Disabled", "TLS1_2")
    assert (inputs["isLocalUserEnabled"], inputs["isSftpEnabled"]) == (False, False)
    assert at(laid().one("prod-storage"), "networkRuleSet.defaultAction") == "Deny"


def test_its_users_read_and_write_the_container_and_no_more() -> None:
    grants = [r for r in laid().of_type("authorization:RoleAssignment") if r.name.startswith("prod-storage-")]
    assert [grant.name for grant in grants] == ["prod-storage-gateway-objects"]
    assert grants[0].inputs["scope"] == "<storage:BlobContainer prod-storage-objects>.id"
    assert str(grants[0].inputs["roleDefinitionId"]).endswith(rights.BLOB_DATA_CONTRIBUTOR)


def test_replaced_objects_are_kept_for_the_asked_days() -> None:
    plan = laid(storage__noncurrent_days=30)
    version = "policy.rules.0.definition.actions.version.delete.daysAfterCreationGreaterThan"
    assert at(plan.one("prod-storage-lifecycle"), version) == 30
    assert at(plan.one("prod-storage-blobs"), "deleteRetentionPolicy.days") == 30
    assert plan.one("prod-storage-blobs").inputs["isVersioningEnabled"] is True


def test_without_versions_nothing_is_kept_but_a_week_to_undelete() -> None:
    plan = laid(storage__versioning=False)
    blobs = plan.one("prod-storage-blobs")
    assert (blobs.inputs["isVersioningEnabled"], at(blobs, "deleteRetentionPolicy.days")) == (False, 7)
    assert "prod-storage-lifecycle" not in {r.name for r in plan.custom}


@given(st.integers(1, 5000))
def test_setting_back_in_time_always_needs_longer_undeleting(days: int) -> None:
    kept = keeping(StorageSpec(noncurrent_days=days))
    assert 1 <= kept.undelete_days <= 365
    assert kept.restore_days is None or 1 <= kept.restore_days < kept.undelete_days


@pytest.mark.parametrize("path", ["storage.noncurrent_days", "storage.versioning"])
def test_what_is_kept_longer_than_asked_is_told(path: str) -> None:
    changes: dict[str, object] = {} if path == "storage.noncurrent_days" else {path: False}
    assert path in [found.key for found in LIMITS.adjustments(spec_of(changes))]


def test_production_keeps_its_objects_from_deletion() -> None:
    assert laid().one("prod-storage").protect
    assert laid().one("prod-storage-objects", "storage:BlobContainer").protect
    assert not laid(profile="staging").one("prod-storage").protect


def test_what_is_asked_of_the_objects_is_recorded() -> None:
    assert laid().one("prod-storage-blob-diagnostics").inputs["resourceUri"] == (
        "<storage:BlobServiceProperties prod-storage-blobs>.id"
    )
