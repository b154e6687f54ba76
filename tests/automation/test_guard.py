"""What an update would lose: refused by name, with the reason, unless it is named."""

import pytest

from automation.deploy.changes import PropertyChange, ResourceChange, planned_changes
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.guard import find_losses, refuse_losses
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.resource_traits import PASSWORD_TYPE
from tests.automation.happening import recorded, urn_of
from tests.planning import plan, production

AWS = resource_traits("aws")
HOLDS = AWS.holds
DATABASE = "aws:rds/instance:Instance"


def change(operation: str, token: str = DATABASE, name: str = "prod-database", *forcing: str) -> ResourceChange:
    properties = tuple(PropertyChange(path, 1, 2, forces=True) for path in forcing)
    return ResourceChange(urn_of(token, name), operation, properties)


def refusal(*changes: ResourceChange, allowed: tuple[str, ...] = ()) -> DeploymentFailed:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_losses("prod", changes, HOLDS, allowed, AWS.losing)
    return refused.value


def test_a_database_that_would_be_replaced_stops_the_update() -> None:
    found = refusal(change("replace", DATABASE, "prod-database", "engine", "username"))
    assert found.kind is Failure.GUARDED
    assert str(found) == (
        "prod: prod-database (rds:Instance) would be replaced (forced by engine and username), and with it goes the "
        "database and its automated backups; take back the setting that forces it, or, when that loss is meant, run "
        "again with --allow-replace prod-database."
    )


def test_a_bucket_that_would_be_deleted_stops_the_update() -> None:
    found = refusal(change("delete", "aws:s3/bucket:Bucket", "prod-storage"))
    assert found.problem == (
        "prod: prod-storage (s3:Bucket) would be deleted, and with it goes the objects of the bucket, in all versions"
    )


def test_the_recorded_replacement_of_a_database_is_a_loss() -> None:
    assert [loss.change.name for loss in find_losses(planned_changes(recorded("replace")), HOLDS)] == ["trial-database"]


def test_a_loss_that_is_named_is_allowed() -> None:
    refuse_losses("prod", [change("replace")], HOLDS, ["prod-database"])


def test_another_loss_than_the_named_one_still_stops_the_update() -> None:
    bucket = change("replace", "aws:s3/bucket:Bucket", "prod-storage")
    assert "prod-database" not in refusal(change("replace"), bucket, allowed=("prod-database",)).problem


def test_losses_that_are_alike_share_a_clause() -> None:
    subnets = [change("replace", "aws:ec2/subnet:Subnet", f"prod-network-{n}", "vpcId") for n in (0, 1)]
    sentence = refusal(*subnets).problem
    assert sentence.count("would be replaced") == 1
    assert "prod-network-0 and prod-network-1 (ec2:Subnet)" in sentence


def test_a_slip_in_an_allowed_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_losses("prod", [change("update")], HOLDS, ["prod-databse"])
    assert str(refused.value) == (
        '--allow-replace: "prod-databse" is no resource of the stack (did you mean prod-database).'
    )


def test_the_settings_that_can_force_a_loss_are_named() -> None:
    found = refusal(change("replace", "aws:ec2/vpc:Vpc", "prod-network", "cidrBlock"))
    assert found.fix.startswith("take back the setting that forces it (network.cidr can), or, ")


@pytest.mark.parametrize("operation", ["create", "update", "same", "import", "forget"])
def test_nothing_else_is_a_loss(operation: str) -> None:
    assert find_losses([change(operation)], HOLDS) == ()


def test_a_service_may_be_replaced() -> None:
    assert find_losses([change("replace", "aws:ecs/service:Service", "prod-compute-chat")], HOLDS) == ()


def test_a_password_that_would_be_drawn_anew_is_a_loss() -> None:
    (loss,) = find_losses([change("replace", PASSWORD_TYPE, "prod-database-password")], HOLDS)
    assert loss.holds == "a password in use"


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_row_of_the_table_is_a_type_that_production_declares(cloud: str) -> None:
    declared = {resource.type for resource in plan(production(cloud=cloud)).custom}
    assert set(resource_traits(cloud).holds) - declared == set()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_whatever_is_protected_holds_something(cloud: str) -> None:
    protected = {resource.type for resource in plan(production(cloud=cloud)).custom if resource.protect}
    known = set(resource_traits(cloud).holds) | {"azure-native:operationalinsights:Workspace"}
    assert protected - known == set()
