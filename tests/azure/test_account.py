"""The resource group and what is told of it before it stands."""

import pytest

from components.validation.parse import read
from tests.azure.laid import context_of, laid
from tests.planning import production


def test_the_group_has_the_name_that_every_id_is_told_by() -> None:
    group = laid().one("prod-account")
    assert group.inputs["resourceGroupName"] == context_of().group == "prod-agents-westus3"
    assert group.inputs["location"] == "westus3"


def test_everything_of_the_stack_stands_in_the_group() -> None:
    groups = {r.inputs["resourceGroupName"] for r in laid().custom if "resourceGroupName" in r.inputs}
    assert groups == {"prod-agents-westus3", "NetworkWatcherRG"}


def test_no_lock_stands_on_the_group() -> None:
    locks = laid().of_type("authorization:ManagementLockByScope")
    assert [lock.inputs["scope"] for lock in locks] == ["<dbforpostgresql:Server prod-database>.id"]


def test_a_logical_name_has_one_guid_for_ever() -> None:
    context = context_of()
    assert context.guid("prod-storage-gateway-objects") == "8076c3e3-cb83-5349-812e-68486a16cda0"
    assert context.guid("a") != context_of(stack="staging").guid("a")


@pytest.mark.parametrize("key", ["subscription_id", "tenant_id"])
def test_an_id_that_is_no_guid_is_refused(key: str) -> None:
    _, mistakes = read(production({f"azure.{key}": "acme"}, cloud="azure"))
    assert [mistake.key for mistake in mistakes] == [f"azure.{key}"]
