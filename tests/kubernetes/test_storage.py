"""Existing bucket of services."""

import pytest

from automation.plan.inventory import Secret
from providers import limits
from providers.kubernetes.storage.limits import storage_adjustments, storage_refusals
from tests.kubernetes.manifests import manifest
from tests.kubernetes.platforms import BUCKET, spec_of, staging, staging_plan


def refused(changes: dict[str, object], block: dict[str, object] | None = None) -> list[str]:
    """Return the refused keys of storage."""
    return [each.key for each in storage_refusals(spec_of(staging(changes, block), check=False), "staging")]


def test_storage_without_a_bucket_is_refused() -> None:
    assert refused({}, {"bucket": None}) == ["storage"]
    assert refused({}) == []


@pytest.mark.parametrize(("key", "value"), [("versioning", False), ("noncurrent_days", 7)])
def test_settings_of_the_existing_bucket_are_refused(key: str, value: object) -> None:
    assert refused({f"storage.{key}": value}) == [f"storage.{key}"]


def test_a_service_cannot_set_the_variables_of_the_bucket() -> None:
    changes: dict[str, object] = {"services.gateway.environment": {"AWS_REGION": "eu-west-1"}}
    assert refused(changes) == ["services.gateway.environment.AWS_REGION"]


def test_users_receive_address_and_keys_and_others_do_not() -> None:
    inventory = staging_plan()
    gateway = str(manifest(inventory.one("staging-compute-gateway", "apps:Deployment")))
    assert str(BUCKET["endpoint_url"]) in gateway
    assert "<core:Secret staging-storage-aws-secret-access-key>" in gateway
    assert "AWS_SECRET_ACCESS_KEY" not in str(manifest(inventory.one("staging-compute-chat", "apps:Deployment")))
    assert isinstance(inventory.one("staging-storage-aws-secret-access-key").inputs["data"], Secret)


def test_the_stack_needs_the_keys_of_the_bucket() -> None:
    needed = limits("kubernetes").stack_secrets(spec_of(staging()))
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= {*needed}


def test_versions_are_adjusted_in_words() -> None:
    assert [each.key for each in storage_adjustments(spec_of(staging()))] == ["storage"]
