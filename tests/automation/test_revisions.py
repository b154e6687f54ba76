"""Services whose running revision is not the one that was asked for, on every cloud."""

from collections.abc import Mapping

import pytest

from automation.deploy.clock import Clock
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event
from automation.deploy.rollout import Revision, read_revisions, wait_for_rollout, with_desired_revisions
from automation.plan.inventory import Value
from providers import AVAILABLE, resource_traits
from tests.automation.happening import urn_of
from tests.planning import plan, production

ECS = "aws:ecs/service:Service"
RUN = "gcp:cloudrunv2/service:Service"
APP = "azure-native:app:ContainerApp"
AWS = resource_traits("aws").services
CHAT = urn_of(ECS, "prod-compute-chat", "Compute")


def state(*resources: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


def service(token: str, name: str, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"urn": urn_of(token, name, "Compute"), "type": token, "inputs": inputs, "outputs": outputs}


def ecs(wanted: str, running: str) -> Mapping[str, Value]:
    return service(ECS, "prod-compute-chat", {"taskDefinition": wanted}, {"taskDefinition": running})


def late(exported: Mapping[str, Value], cloud: str) -> list[str]:
    return [str(found) for found in read_revisions(exported, resource_traits(cloud).services) if not found.settled]


def test_a_service_that_ecs_took_back_runs_another_task_definition() -> None:
    assert late(state(ecs("chat:8", "chat:7")), "aws") == ["prod-compute-chat runs chat:7 instead of chat:8"]


def test_a_service_that_runs_what_was_asked_for_is_settled() -> None:
    assert late(state(ecs("chat:8", "chat:8")), "aws") == []


def test_a_revision_that_cloud_run_never_got_ready_is_told() -> None:
    outputs = {"latestCreatedRevision": "chat-00002", "latestReadyRevision": "chat-00001"}
    assert late(state(service(RUN, "prod-compute-chat", {}, outputs)), "gcp") == [
        "prod-compute-chat runs chat-00001 instead of chat-00002"
    ]


def test_a_condition_that_failed_is_told_though_the_revisions_agree() -> None:
    outputs = {
        "latestCreatedRevision": "chat-00002",
        "latestReadyRevision": "chat-00002",
        "terminalConditions": [{"state": "CONDITION_FAILED"}],
    }
    assert late(state(service(RUN, "prod-compute-chat", {}, outputs)), "gcp") == [
        "prod-compute-chat runs chat-00002 instead of chat-00002, and the cloud says CONDITION_FAILED"
    ]


def test_an_app_without_a_ready_revision_runs_none() -> None:
    outputs = {"latestRevisionName": "chat--1", "provisioningState": "Succeeded"}
    assert late(state(service(APP, "prod-compute-chat", {}, outputs)), "azure") == [
        "prod-compute-chat runs no revision instead of chat--1"
    ]


def test_what_a_replacement_left_to_be_deleted_is_no_service_any_more() -> None:
    assert late(state({**ecs("chat:8", "chat:7"), "delete": True}), "aws") == []


def test_other_resources_have_no_revision() -> None:
    assert late(state(service("aws:s3/bucket:Bucket", "prod-storage", {}, {})), "aws") == []


def test_an_empty_state_has_no_services() -> None:
    assert read_revisions({"version": 3, "deployment": None}, AWS) == ()


def test_what_was_wanted_before_a_refresh_is_still_wanted_after_it() -> None:
    before, now = Revision(CHAT, "chat:8", "chat:7"), Revision(CHAT, "chat:7", "chat:7")
    assert with_desired_revisions([now], [before]) == (before,)


# an update of docker waits for each copy itself, and a copy is made anew for every change
@pytest.mark.parametrize("cloud", [cloud for cloud in AVAILABLE if cloud != "docker"])
def test_every_service_of_production_is_in_the_table(cloud: str) -> None:
    services = [
        resource
        for resource in plan(production(cloud=cloud)).custom
        if resource.type in resource_traits(cloud).services
    ]
    assert {resource.name for resource in services} == {
        f"prod-compute-{name}" for name in ("chat", "gateway", "worker")
    }


class Engine:
    """An engine whose service comes to run what was asked for at the given refresh."""

    name = "prod"

    def __init__(self, ready_at: int) -> None:
        self.ready_at, self.refreshed = ready_at, list[list[str]]()

    def export_state(self) -> Mapping[str, Value]:
        if not self.refreshed:
            return state(ecs("chat:8", "chat:7"))
        running = "chat:8" if len(self.refreshed) >= self.ready_at else "chat:7"
        return state(ecs(running, running))

    def refresh(self, *, target: list[str]) -> None:
        self.refreshed.append(target)


class Hours:
    """A clock that goes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.clock = Clock(seconds=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def settled(engine: Engine, seconds: float) -> tuple[float, list[Event]]:
    hours, events = Hours(), list[Event]()
    wait_for_rollout(engine, AWS, hours.clock, seconds, events.append)
    return hours.now, events


def test_a_late_service_is_waited_for() -> None:
    engine = Engine(ready_at=3)
    waited, events = settled(engine, 300)
    assert (waited, engine.refreshed) == (30.0, [[CHAT]] * 3)
    assert [event.text for event in events if isinstance(event, EngineMessage)] == [
        "waiting for prod-compute-chat to run what was asked for"
    ] * 3


def test_a_service_that_was_taken_back_fails_the_update() -> None:
    with pytest.raises(DeploymentFailed) as failed:
        settled(Engine(ready_at=99), 60)
    assert failed.value.kind is Failure.NOT_RUNNING
    assert failed.value.problem == (
        "prod: the update went through, but prod-compute-chat runs chat:7 instead of chat:8"
    )


def test_without_patience_the_cloud_is_asked_once_so_that_the_state_has_what_runs() -> None:
    engine = Engine(ready_at=99)
    with pytest.raises(DeploymentFailed):
        settled(engine, 0)
    assert engine.refreshed == [[CHAT]]


def test_where_all_run_what_was_asked_for_nobody_is_asked() -> None:
    engine = Engine(ready_at=0)
    engine.refreshed.append([])
    assert settled(engine, 300) == (0.0, [])
