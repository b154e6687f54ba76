"""Deletion of a stack: planned deletions, and protected resources without permission to delete them."""

from collections.abc import Mapping

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.guard import planned_deletions, protected_urns, refuse_protected
from automation.plan.inventory import Value
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from tests.automation.event_fixtures import urn_of

DATABASE = {"urn": urn_of("aws:rds/instance:Instance", "prod-database"), "custom": True, "protect": True}
BUCKET = {"urn": urn_of("aws:s3/bucket:Bucket", "prod-storage", "Storage"), "custom": True, "protect": True}
LOG = {"urn": urn_of("aws:cloudwatch/logGroup:LogGroup", "prod-log"), "custom": True, "retainOnDelete": True}
COMPONENT = {"urn": urn_of("agent-platform:index:Database", "prod-database"), "custom": False}
PROVIDER = {"urn": urn_of("pulumi:providers:aws", "prod-us-west-2", "Account"), "custom": True}


def state(*resources: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"deployment": {"resources": list(resources)}}


def test_every_managed_resource_is_deleted() -> None:
    changes = planned_deletions(state(COMPONENT, PROVIDER, DATABASE))
    assert [(change.name, change.operation) for change in changes if change.managed] == [("prod-database", "delete")]


def test_a_retained_resource_is_only_forgotten() -> None:
    (change,) = planned_deletions(state(LOG))
    assert change.operation == "forget"


def test_an_empty_state_has_no_deletions() -> None:
    assert planned_deletions({"deployment": None}) == ()


def test_all_protected_resources_are_reported_at_once() -> None:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_protected("prod", state(DATABASE, BUCKET, LOG), ())
    failure = refused.value
    assert (failure.kind, failure.stack) == (Failure.PROTECTED, "prod")
    assert failure.problem == "prod-database and prod-storage are protected and would be lost permanently"
    assert failure.fix == (
        "to delete them anyway, run the command again with --unprotect prod-database --unprotect prod-storage"
    )


def test_an_unnamed_resource_stays_protected() -> None:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_protected("prod", state(DATABASE, BUCKET), ["prod-database"])
    assert refused.value.problem == "prod-storage is protected and would be lost permanently"


def test_named_resources_may_be_deleted() -> None:
    refuse_protected("prod", state(DATABASE, BUCKET), ["prod-database", "prod-storage"])
    assert len(protected_urns(state(DATABASE, BUCKET))) == 2


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_protected("prod", state(DATABASE), ["prod-databse"])
    problem = 'the stack has no protected resource "prod-databse" (did you mean prod-database)'
    assert refused.value.diagnostics == (ConfigError("--unprotect", problem),)
