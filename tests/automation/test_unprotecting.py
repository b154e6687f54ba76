"""Before a destruction: what would go, and what is protected and not named."""

from collections.abc import Mapping

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.guard import planned_deletions, protected_urns, refuse_protected
from automation.plan.inventory import Value
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.happening import urn_of

DATABASE = {"urn": urn_of("aws:rds/instance:Instance", "prod-database"), "custom": True, "protect": True}
BUCKET = {"urn": urn_of("aws:s3/bucket:Bucket", "prod-storage", "Storage"), "custom": True, "protect": True}
LOG = {"urn": urn_of("aws:cloudwatch/logGroup:LogGroup", "prod-log"), "custom": True, "retainOnDelete": True}
ROOM = {"urn": urn_of("agent-platform:index:Database", "prod-database"), "custom": False}
PROVIDER = {"urn": urn_of("pulumi:providers:aws", "prod-us-west-2", "Account"), "custom": True}


def state(*resources: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"deployment": {"resources": list(resources)}}


def test_everything_that_a_cloud_made_would_go() -> None:
    changes = planned_deletions(state(ROOM, PROVIDER, DATABASE))
    assert [(change.name, change.operation) for change in changes if change.managed] == [("prod-database", "delete")]


def test_what_the_cloud_keeps_is_only_forgotten() -> None:
    (change,) = planned_deletions(state(LOG))
    assert change.operation == "forget"


def test_an_empty_state_has_nothing_to_delete() -> None:
    assert planned_deletions({"deployment": None}) == ()


def test_all_that_is_protected_is_told_at_once() -> None:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_protected("prod", state(DATABASE, BUCKET, LOG), ())
    assert refused.value.kind is Failure.PROTECTED
    assert str(refused.value) == (
        "prod: prod-database and prod-storage would be lost for good and are protected; when that loss is meant, run "
        "again with --unprotect prod-database --unprotect prod-storage."
    )


def test_what_is_not_named_stays_protected() -> None:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_protected("prod", state(DATABASE, BUCKET), ["prod-database"])
    assert refused.value.problem == "prod: prod-storage would be lost for good and is protected"


def test_what_is_named_may_go() -> None:
    refuse_protected("prod", state(DATABASE, BUCKET), ["prod-database", "prod-storage"])
    assert len(protected_urns(state(DATABASE, BUCKET))) == 2


def test_a_slip_in_a_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_protected("prod", state(DATABASE), ["prod-databse"])
    assert str(refused.value) == (
        '--unprotect: "prod-databse" is no protected resource of the stack (did you mean prod-database).'
    )
