"""Guard of stateful resources: refused losses, with their cause and the option that allows them."""

import pytest

from automation.deploy.changes import PropertyChange, ResourceChange, planned_changes
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import Event, StepCompleted, StepStarted
from automation.deploy.guard import LossWatch, find_losses, override_causes, refuse_losses
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.resource_traits import PASSWORD_TYPE
from tests.automation.event_fixtures import recorded, step, urn_of
from tests.planning import plan, production

AWS = resource_traits("aws")
CONTENTS = AWS.holds
DATABASE = "aws:rds/instance:Instance"
BUCKET = "aws:s3/bucket:Bucket"


def change(operation: str, token: str = DATABASE, name: str = "prod-database", *forcing: str) -> ResourceChange:
    properties = tuple(PropertyChange(path, 1, 2, forces=True) for path in forcing)
    return ResourceChange(urn_of(token, name), operation, properties)


def refusal(*changes: ResourceChange, allowed: tuple[str, ...] = ()) -> DeploymentFailed:
    with pytest.raises(DeploymentFailed) as refused:
        refuse_losses("prod", changes, CONTENTS, allowed, AWS.losing)
    return refused.value


def test_a_database_that_would_be_replaced_stops_the_update() -> None:
    failure = refusal(change("replace", DATABASE, "prod-database", "engine", "username"))
    assert (failure.kind, failure.stack) == (Failure.GUARDED, "prod")
    assert failure.problem == (
        "prod-database (rds:Instance) would be replaced (because of engine and username), which deletes "
        f"{CONTENTS[DATABASE]}"
    )
    assert failure.fix == (
        "revert the setting that causes it (such as network.existing); to lose the data anyway, run the command again "
        "with --allow-replace prod-database"
    )


def test_a_bucket_that_would_be_deleted_stops_the_update() -> None:
    failure = refusal(change("delete", BUCKET, "prod-storage"))
    assert failure.problem == f"prod-storage (s3:Bucket) would be deleted, which deletes {CONTENTS[BUCKET]}"


def test_the_recorded_replacement_of_a_database_is_a_loss() -> None:
    losses = find_losses(planned_changes(recorded("replace")), CONTENTS)
    assert [loss.change.name for loss in losses] == ["trial-database"]


def test_an_allowed_loss_does_not_stop_the_update() -> None:
    refuse_losses("prod", [change("replace")], CONTENTS, ["prod-database"])


def test_a_loss_that_is_not_allowed_stops_the_update_beside_an_allowed_one() -> None:
    failure = refusal(change("replace"), change("replace", BUCKET, "prod-storage"), allowed=("prod-database",))
    assert "prod-storage" in failure.problem
    assert "prod-database" not in failure.problem


def test_losses_of_the_same_type_and_cause_share_a_clause() -> None:
    subnets = [change("replace", "aws:ec2/subnet:Subnet", f"prod-network-{n}", "vpcId") for n in (0, 1)]
    problem = refusal(*subnets).problem
    assert problem.count("would be replaced") == 1
    assert "prod-network-0 and prod-network-1 (ec2:Subnet)" in problem


def test_an_unknown_allowed_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_losses("prod", [change("update")], CONTENTS, ["prod-databse"])
    problem = 'the stack has no resource "prod-databse" (did you mean prod-database)'
    assert refused.value.diagnostics == (ConfigError("--allow-replace", problem),)


def test_settings_that_can_cause_a_loss_are_named() -> None:
    failure = refusal(change("replace", "aws:ec2/vpc:Vpc", "prod-network", "cidrBlock"))
    keys = "network.cidr, network.existing or network.standby_cidr"
    assert failure.fix.startswith(f"revert the setting that causes it (such as {keys}); ")


def test_an_override_that_replaces_a_database_is_named_as_the_cause() -> None:
    overrides = {"rds:Instance": {"engine": "x"}, "prod-storage": {"bucket": "x"}}
    changes = [change("replace"), change("update", BUCKET, "prod-storage")]
    causes = tuple(override_causes(overrides, changes))
    assert [(cause.key, cause.type) for cause in causes] == [("overrides.rds:Instance", DATABASE)]
    with pytest.raises(DeploymentFailed, match=r"evert the setting that causes it \(such as overrides\.rds:Instance\)"):
        refuse_losses("prod", changes, CONTENTS, (), causes)


@pytest.mark.parametrize("operation", ["create", "update", "same", "import", "forget"])
def test_other_operations_lose_nothing(operation: str) -> None:
    assert find_losses([change(operation)], CONTENTS) == ()


def test_a_service_may_be_replaced() -> None:
    assert find_losses([change("replace", "aws:ecs/service:Service", "prod-compute-chat")], CONTENTS) == ()


def test_a_replaced_password_is_a_loss() -> None:
    (loss,) = find_losses([change("replace", PASSWORD_TYPE, "prod-database-password")], CONTENTS)
    assert loss.content == "a password in use"


COPIES: dict[str, dict[str, object]] = {
    "aws": {"recovery.mode": "backup"},
    "azure": {"recovery.mode": "backup", "azure.location": "eastus2", "azure.standby_location": "centralus"},
}
"""Changes by which production also keeps copies in a standby region, where the cloud has them."""
OTHER_ENTRIES: dict[str, dict[str, object]] = {
    "azure": {"azure.entry": "gateway", "ingress.certificate": {"azure": "keys/acme-certs/agents"}},
    "kubernetes": {
        "kubernetes.cache": {},
        "cache.high_availability": False,
        "monitoring.tracing": {},
        "accept_risk": {"cache.high_availability": "a trial of one week"},
    },
}
"""Changes by which production has its other entry, where the cloud has two, and on a cluster its own cache and traces."""


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_production_declares_every_stateful_type(cloud: str) -> None:
    shapes = (COPIES.get(cloud), OTHER_ENTRIES.get(cloud, {}))
    declared = {resource.type for shape in shapes for resource in plan(production(shape, cloud=cloud)).custom}
    assert set(resource_traits(cloud).holds) - declared == set()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_protected_type_is_stateful(cloud: str) -> None:
    protected = {resource.type for resource in plan(production(cloud=cloud)).custom if resource.protect}
    known = set(resource_traits(cloud).holds) | {"azure-native:operationalinsights:Workspace"}
    assert protected - known == set()


def watched(*events: Event, allowed: tuple[str, ...] = ()) -> tuple[LossWatch, list[str], list[Event]]:
    """Return a watch after events, its cancellations and the events that it passed on."""
    cancelled, passed = list[str](), list[Event]()
    watch = LossWatch(CONTENTS, allowed, lambda: cancelled.append("cancelled"))
    callback = watch.before(passed.append)
    for event in events:
        callback(event)
    return watch, cancelled, passed


@pytest.mark.parametrize(
    ("operation", "state"),
    [
        ("replace", "about to be replaced"),
        ("create-replacement", "about to be replaced"),
        ("delete-replaced", "being deleted"),
        ("delete", "being deleted"),
    ],
)
def test_a_loss_that_begins_during_an_update_cancels_it_once(operation: str, state: str) -> None:
    events = (StepStarted(0, step("update", name="prod-cache")), *[StepStarted(0, step(operation))] * 2)
    watch, cancelled, passed = watched(*events)
    assert cancelled == ["cancelled"]
    assert passed == list(events)
    cause = DeploymentFailed(Failure.CANCELLED, "cancelled", log="of the engine")
    with pytest.raises(DeploymentFailed) as stopped:
        watch.raise_stopped("prod", cause)
    assert (stopped.value.kind, stopped.value.log) == (Failure.GUARDED, "of the engine")
    assert stopped.value.problem.startswith(f"prod-database (rds:Instance) was {state}, which ")
    assert stopped.value.problem.endswith("which the preview did not show; the update was cancelled")
    assert stopped.value.fix.count("--allow-replace prod-database") == 1


def test_a_loss_in_an_update_that_ended_before_its_cancellation_is_a_failure() -> None:
    watch, _, _ = watched(StepStarted(0, step("replace")))
    with pytest.raises(DeploymentFailed, match="the update had ended before it could be cancelled"):
        watch.raise_stopped("prod", None)


def test_allowed_losses_and_other_steps_do_not_cancel_an_update() -> None:
    task = "aws:ecs/taskDefinition:TaskDefinition"
    events = (
        StepStarted(0, step("replace")),
        StepStarted(0, step("replace", task, "prod-compute-chat-task")),
        StepStarted(0, step("update", BUCKET, "prod-storage")),
        StepCompleted(0, step("update", BUCKET, "prod-storage")),
    )
    watch, cancelled, _ = watched(*events, allowed=("prod-database",))
    assert cancelled == []
    watch.raise_stopped("prod", None)
