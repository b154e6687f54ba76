"""Resource group, ids that are known in advance, and the ids of subscription and tenant."""

import pytest

from components.validation.parse import read
from tests.azure.plans import base_plan, context_of
from tests.planning import production


def test_the_resource_group_has_a_fixed_name() -> None:
    group = base_plan().one("prod-account")
    assert group.inputs["resourceGroupName"] == context_of().group == "prod-agents-westus3"
    assert group.inputs["location"] == "westus3"


def test_every_resource_is_in_the_group_except_the_flow_log() -> None:
    groups = {r.inputs["resourceGroupName"] for r in base_plan().custom if "resourceGroupName" in r.inputs}
    assert groups == {"prod-agents-westus3", "NetworkWatcherRG"}


def test_the_resource_group_has_no_lock() -> None:
    locks = base_plan().of_type("authorization:ManagementLockByScope")
    assert [lock.inputs["scope"] for lock in locks] == ["<dbforpostgresql:Server prod-database>.id"]


def test_the_guid_of_a_logical_name_never_changes() -> None:
    context = context_of()
    assert context.guid("prod-storage-gateway-objects") == "8076c3e3-cb83-5349-812e-68486a16cda0"
    assert context.guid("a") != context_of(stack="staging").guid("a")


@pytest.mark.parametrize("key", ["subscription_id", "tenant_id"])
def test_an_id_that_is_not_a_guid_is_refused(key: str) -> None:
    _, errors = read(production({f"azure.{key}": "acme"}, cloud="azure"))
    assert [error.key for error in errors] == [f"azure.{key}"]
