"""Names that Google Cloud reserves after a deletion, and that the next stack must not need."""

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.gcp.base.generations import FREE_AT_ONCE, RESERVED_DAYS
from providers.gcp.import_ids import IMPORT_TABLE
from tests.planning import JOBS, plan, production

NAMED = {
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": ("workloadIdentityPoolId", "prod-", "github"),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": ("bucketId", "prod-platform-", "logs"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": ("roleId", "prod_models_", "models"),
}
"""Input with the name, its beginning, and the part of its generation, by type."""
INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
"""Type whose name the program sets in the standby region alone."""
ADDRESSED = frozenset({"gcp:dns/recordSet:RecordSet", "gcp:projects/service:Service"})
"""Types whose name says what they describe and not which object they are."""


def has_fixed_name(resource: Declared) -> bool:
    rule = IMPORT_TABLE.by_type.get(resource.type)
    name = "bucketId" if rule is None else rule.named
    # a name for people only: several objects may have the same one
    return name in resource.inputs and name not in ("displayName", "billingAccount")


def test_the_names_that_stay_reserved_are_known() -> None:
    assert set(RESERVED_DAYS) == {*NAMED, INSTANCE}


@pytest.mark.parametrize("token", NAMED)
def test_a_reserved_name_ends_with_the_generation_of_the_stack(prod: Inventory, token: str) -> None:
    (resource,) = [each for each in prod.custom if each.type == token]
    key, start, part = NAMED[token]
    (digits,) = [each for each in prod.of_type("random:RandomId") if each.name.endswith(f"-{part}-generation")]
    assert resource.inputs[key] == f"{start}<random:RandomId {digits.name}>.hex"
    assert digits.inputs["byteLength"] == 3


def test_the_name_of_a_replica_ends_with_a_generation_and_that_of_its_source_is_generated() -> None:
    warm = {"mode": "warm", "standby_region": "us-east1"}
    declared = plan(production({"recovery": warm}, cloud="gcp"))
    source, replica = sorted((each for each in declared.custom if each.type == INSTANCE), key=lambda each: each.name)
    assert "name" not in source.inputs
    digits = "prod-us-east1-database-generation"
    assert replica.inputs["name"] == f"prod-us-east1-database-<random:RandomId {digits}>.hex"


@pytest.mark.parametrize("token", NAMED)
def test_a_resource_of_an_earlier_release_keeps_its_name(prod: Inventory, token: str) -> None:
    (resource,) = [each for each in prod.custom if each.type == token]
    assert resource.ignore_changes == (NAMED[token][0],)


def test_every_other_name_that_the_program_sets_is_free_at_once() -> None:
    copies = {"mode": "backup", "standby_region": "us-east1"}
    with_jobs = plan(production({"jobs": JOBS, "recovery": copies}, cloud="gcp"))
    named = {each.type for each in with_jobs.custom if has_fixed_name(each)}
    assert named - set(RESERVED_DAYS) - ADDRESSED <= FREE_AT_ONCE, "add the type with its source"
    assert named >= FREE_AT_ONCE
