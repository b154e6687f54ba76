"""Rollout of service revisions: services that do not run their desired revision, on every cloud."""

from collections.abc import Mapping

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event
from automation.deploy.results import Clock
from automation.deploy.rollout import Revision, read_revisions, wait_for_rollout, with_desired_revisions
from automation.plan.inventory import Value
from providers import AVAILABLE, resource_traits
from tests.automation.event_fixtures import urn_of
from tests.planning import plan, production

ECS = "aws:ecs/service:Service"
CLOUD_RUN = "gcp:cloudrunv2/service:Service"
CONTAINER_APP = "azure-native:app:ContainerApp"
AWS = resource_traits("aws").services
CHAT = urn_of(ECS, "prod-compute-chat", "Compute")


def state(*resources: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


def service(token: str, name: str, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"urn": urn_of(token, name, "Compute"), "type": token, "inputs": inputs, "outputs": outputs}


def ecs_service(desired: str, running: str) -> Mapping[str, Value]:
    return service(ECS, "prod-compute-chat", {"taskDefinition": desired}, {"taskDefinition": running})


def late(exported: Mapping[str, Value], cloud: str) -> list[str]:
    revisions = read_revisions(exported, resource_traits(cloud).services)
    return [str(revision) for revision in revisions if not revision.ready]


def test_a_service_that_ecs_rolled_back_runs_another_task_definition() -> None:
    assert late(state(ecs_service("chat:8", "chat:7")), "aws") == ["prod-compute-chat runs chat:7 instead of chat:8"]


def test_a_service_with_its_desired_revision_is_ready() -> None:
    assert late(state(ecs_service("chat:8", "chat:8")), "aws") == []


def test_a_cloud_run_revision_that_is_not_ready_is_late() -> None:
    outputs = {"latestCreatedRevision": "chat-00002", "latestReadyRevision": "chat-00001"}
    assert late(state(service(CLOUD_RUN, "prod-compute-chat", {}, outputs)), "gcp") == [
        "prod-compute-chat runs chat-00001 instead of chat-00002"
    ]


def test_a_failed_condition_is_late_even_when_the_revisions_are_equal() -> None:
    outputs = {
        "latestCreatedRevision": "chat-00002",
        "latestReadyRevision": "chat-00002",
        "terminalConditions": [{"state": "CONDITION_FAILED"}],
    }
    assert late(state(service(CLOUD_RUN, "prod-compute-chat", {}, outputs)), "gcp") == [
        "prod-compute-chat runs chat-00002 instead of chat-00002 (the cloud reports CONDITION_FAILED)"
    ]


def test_a_container_app_without_a_ready_revision_runs_none() -> None:
    outputs = {"latestRevisionName": "chat--1", "provisioningState": "Succeeded"}
    assert late(state(service(CONTAINER_APP, "prod-compute-chat", {}, outputs)), "azure") == [
        "prod-compute-chat runs no revision instead of chat--1"
    ]


def test_a_service_that_waits_for_its_deletion_has_no_revision() -> None:
    assert late(state({**ecs_service("chat:8", "chat:7"), "delete": True}), "aws") == []


def test_other_resources_have_no_revision() -> None:
    assert late(state(service("aws:s3/bucket:Bucket", "prod-storage", {}, {})), "aws") == []


def test_an_empty_state_has_no_services() -> None:
    assert read_revisions({"version": 3, "deployment": None}, AWS) == ()


def test_the_desired_revision_survives_a_refresh() -> None:
    before, after = Revision(CHAT, "chat:8", "chat:7"), Revision(CHAT, "chat:7", "chat:7")
    assert with_desired_revisions([after], [before]) == (before,)


# The Docker provider waits for each container itself and replaces it for every change.
@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if resource_traits(cloud).services])
def test_every_service_of_production_has_a_service_type(cloud: str) -> None:
    types = resource_traits(cloud).services
    services = {resource.name for resource in plan(production(cloud=cloud)).custom if resource.type in types}
    assert services == {f"prod-compute-{name}" for name in ("chat", "gateway", "worker")}


class FakeEngine:
    """Engine whose service runs its desired revision after a number of refreshes."""

    name = "prod"

    def __init__(self, ready_after: int) -> None:
        self.ready_after, self.refreshed = ready_after, list[list[str]]()

    def export_state(self) -> Mapping[str, Value]:
        if not self.refreshed:
            return state(ecs_service("chat:8", "chat:7"))
        running = "chat:8" if len(self.refreshed) >= self.ready_after else "chat:7"
        return state(ecs_service(running, running))

    def refresh(self, *, target: list[str]) -> None:
        self.refreshed.append(target)


class FakeTime:
    """Clock that advances only in `sleep`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clock = Clock(seconds=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def waited(engine: FakeEngine, timeout_seconds: float) -> tuple[float, list[Event]]:
    """Wait for the rollout; return the seconds that it took and the events."""
    time, events = FakeTime(), list[Event]()
    wait_for_rollout(engine, AWS, time.clock, timeout_seconds, events.append)
    return time.now, events


def test_a_late_service_is_refreshed_until_it_is_ready() -> None:
    engine = FakeEngine(ready_after=3)
    seconds, events = waited(engine, 300)
    assert (seconds, engine.refreshed) == (30.0, [[CHAT]] * 3)
    messages = [event for event in events if isinstance(event, EngineMessage)]
    assert [message.text for message in messages] == ["waiting for the rollout of prod-compute-chat"] * 3
    assert [message.seconds for message in messages] == [0.0, 10.0, 20.0]


def test_a_service_that_was_rolled_back_fails_the_update() -> None:
    with pytest.raises(DeploymentFailed) as failed:
        waited(FakeEngine(ready_after=99), 60)
    assert (failed.value.kind, failed.value.stack) == (Failure.NOT_RUNNING, "prod")
    assert failed.value.problem == "the update completed, but prod-compute-chat runs chat:7 instead of chat:8"


def test_without_a_timeout_a_late_service_is_refreshed_once() -> None:
    engine = FakeEngine(ready_after=99)
    with pytest.raises(DeploymentFailed):
        waited(engine, 0)
    assert engine.refreshed == [[CHAT]]


def test_ready_services_are_not_refreshed() -> None:
    engine = FakeEngine(ready_after=0)
    engine.refreshed.append([])
    assert waited(engine, 300) == (0.0, [])
