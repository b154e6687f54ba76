"""Check before an update: the region that serves never moves to one whose database does not follow it."""

from collections.abc import Mapping

import pytest

from automation.deploy.changes import PropertyChange, ResourceChange
from automation.deploy.errors import DeploymentFailed
from automation.deploy.regions import refuse_old_data
from automation.urn import Urn
from providers import resource_traits
from providers.contract.spec import Platform
from tests.aws.plans import spec_of

HOME, STANDBY = "us-west-2", "us-east-1"
SOURCE = resource_traits("aws").replica_source
PREFIX = "urn:pulumi:prod::agent-platform::agent-platform:index:Database$aws:rds/instance:Instance::"
ARN = "arn:aws:rds:us-west-2:111122223333:db:prod-database"
PROMOTED = PropertyChange("replicateSourceDb", ARN, None)


def spec(active: str, **changes: object) -> Platform:
    recovery = {"mode": "warm", "standby_region": STANDBY, "active_region": active}
    return spec_of({"recovery": recovery, **{key.replace("__", "."): value for key, value in changes.items()}})


def change(name: str, *properties: PropertyChange, operation: str = "update") -> ResourceChange:
    return ResourceChange(Urn(f"{PREFIX}{name}"), operation, properties)


@pytest.mark.parametrize(
    ("served", "active", "name"), [(HOME, STANDBY, "prod-us-east-1-database"), (STANDBY, HOME, "prod-database")]
)
def test_a_region_whose_database_keeps_its_old_data_does_not_serve(served: str, active: str, name: str) -> None:
    for operation in ("same", "update"):
        with pytest.raises(DeploymentFailed) as refused:
            refuse_old_data("prod", spec(active), served, [change(name, operation=operation)], SOURCE)
        assert str(refused.value) == (
            f"prod: recovery.active_region moves from {served} to {active}, whose database does not replicate. "
            f"Set recovery.active_region to {served}."
        )


def test_a_replica_may_be_promoted() -> None:
    refuse_old_data("prod", spec(STANDBY), HOME, [change("prod-us-east-1-database", PROMOTED)], SOURCE)


ALLOWED: Mapping[str, tuple[Platform, str, list[ResourceChange]]] = {
    "the same region": (spec(HOME), HOME, [change("prod-database")]),
    "the first update": (spec(STANDBY), "", [change("prod-us-east-1-database")]),
    "a new database": (spec(STANDBY), HOME, [change("prod-us-east-1-database", operation="create")]),
    "one region": (spec_of(), STANDBY, [change("prod-database")]),
}


@pytest.mark.parametrize(("of", "served", "changes"), ALLOWED.values(), ids=ALLOWED)
def test_other_updates_are_not_refused(of: Platform, served: str, changes: list[ResourceChange]) -> None:
    refuse_old_data("prod", of, served, changes, SOURCE)
