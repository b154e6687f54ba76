"""Services in a standby region of Google Cloud with the real engine: a standing stack gains them, and they serve without the other region."""

from pathlib import Path

import pytest

from automation.deploy.failover_record import FailoverRecord
from tests.engine.conftest import need_engine
from tests.engine.failover_project import by_urn, differing, failover_of, inputs_by_urn
from tests.engine.project import STACK, EngineProject, small_platform

HOME, STANDBY = "us-central1", "us-east1"
RECOVERY: dict[str, object] = {"mode": "warm", "standby_region": STANDBY, "standby_replicas": 0}
INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
REPLICA = f"{STACK}-{STANDBY}-database"


def platform(**changes: object) -> dict[str, object]:
    return small_platform("gcp", storage={}, services__gateway__uses=["database", "storage"], **changes)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform in one region."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("google-single"))
    project.cloud.set("second_region", STANDBY)
    project.init_with(platform())
    project.up()
    return project


@pytest.fixture(scope="module")
def warm(single: EngineProject, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """The same stack with services in the standby region."""
    project = single.copy(tmp_path_factory.mktemp("google-warm"))
    project.write(platform(recovery=RECOVERY))
    project.up()
    return project


def test_a_standing_stack_gains_services_in_the_standby_region_and_keeps_everything(
    single: EngineProject, warm: EngineProject
) -> None:
    before, after = by_urn(single), by_urn(warm)
    assert before.keys() < after.keys()
    assert {urn: before[urn].get("id") for urn in before} == {urn: after[urn].get("id") for urn in before}
    assert warm.cloud.calls("delete") == []
    (replica,) = [each for urn, each in after.items() if urn.endswith(f"{INSTANCE}::{REPLICA}")]
    (source,) = [each for urn, each in after.items() if urn.endswith(f"{INSTANCE}::{STACK}-database")]
    inputs, outputs = replica["inputs"], source["outputs"]
    assert isinstance(inputs, dict) and isinstance(outputs, dict)
    assert inputs["masterInstanceName"] == outputs["name"]
    assert "unchanged" in warm.up("--expect-no-changes")


def test_the_standby_region_serves_while_the_provider_of_the_home_region_does_not_answer(
    warm: EngineProject, tmp_path: Path
) -> None:
    project = warm.copy(tmp_path)
    before = inputs_by_urn(project)
    project.cloud.set("lost_region", HOME)
    # what `promoteReplica` does
    for key, value in (("instanceType", "CLOUD_SQL_INSTANCE"), ("masterInstanceName", None)):
        project.cloud.change(f"{INSTANCE}@{STANDBY}", REPLICA, key, value)
    failover = failover_of(project)
    changed = {str(urn) for urn in failover.targets(STANDBY)}
    failover.adopt(STANDBY)

    after = by_urn(project)
    assert after.keys() == before.keys()
    assert differing(before, inputs_by_urn(project)).keys() == changed
    assert {urn.rpartition("::")[2] for urn in changed} >= {REPLICA, f"{STACK}-{STANDBY}-compute-gateway"}
    assert not project.cloud.calls("Configure")
    assert not project.cloud.calls("delete")
    # what both regions share is that of the state, not a placeholder of the plan
    assert "<" not in str([after[urn]["inputs"] for urn in changed if "cloudrunv2" in urn])

    # when the region answers again the whole stack is up to date but for what the role decides there
    project.cloud.set("lost_region", "")
    steps = [step for step in project.steps() if step["op"] not in ("same", "refresh")]
    assert {step["op"] for step in steps} <= {"update"}
    assert not [step["urn"] for step in steps if f"{STACK}-{STANDBY}" in step["urn"].rpartition("::")[2]]


def switch_over(project: EngineProject, serving: str) -> None:
    """Do what a switchover does: the database of a region writes, and that of the other one is its replica."""
    places = {HOME: (INSTANCE, f"{STACK}-database"), STANDBY: (f"{INSTANCE}@{STANDBY}", REPLICA)}
    token, name = places[serving]
    (source,) = [each for each in project.cloud.objects(token) if each.name == name]
    for region, (token, name) in places.items():
        replica = region != serving
        kind = "READ_REPLICA_INSTANCE" if replica else "CLOUD_SQL_INSTANCE"
        project.cloud.change(token, name, "instanceType", kind)
        project.cloud.change(token, name, "masterInstanceName", source.input("name") if replica else None)


@pytest.fixture(scope="module")
def switched(warm: EngineProject, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """The stack after a planned failover."""
    project = warm.copy(tmp_path_factory.mktemp("google-switched"))
    switch_over(project, STANDBY)
    failover = failover_of(project)
    failover.adopt(STANDBY)
    failover.write(FailoverRecord("failover", "finishing", HOME, STANDBY, planned=True, since="t"))
    failover.converge()
    failover.write(FailoverRecord("failover", "done", HOME, STANDBY, planned=True, since="t"))
    return project


def test_after_a_switchover_the_old_database_is_a_replica_and_has_no_change_of_its_role(
    switched: EngineProject,
) -> None:
    assert switched.cloud.calls("delete") == []
    old = next(each for urn, each in by_urn(switched).items() if urn.endswith(f"{INSTANCE}::{STACK}-database"))
    kept = old["inputs"]
    assert isinstance(kept, dict) and kept["instanceType"] == "READ_REPLICA_INSTANCE"
    assert "unchanged" in switched.up("--expect-no-changes")


def test_the_home_region_serves_again_while_the_provider_of_the_standby_region_does_not_answer(
    switched: EngineProject, tmp_path: Path
) -> None:
    project = switched.copy(tmp_path)
    before = inputs_by_urn(project)
    project.cloud.set("lost_region", STANDBY)
    # what `promoteReplica?failover=true` does; the other instance follows when its region answers
    for key, value in (("instanceType", "CLOUD_SQL_INSTANCE"), ("masterInstanceName", None)):
        project.cloud.change(INSTANCE, f"{STACK}-database", key, value)
    failover = failover_of(project)
    changed = {str(urn) for urn in failover.targets(HOME)}
    failover.adopt(HOME)
    assert differing(before, inputs_by_urn(project)).keys() == changed
    assert (project.cloud.calls("Configure"), project.cloud.calls("request")) == ([], [])
    assert project.cloud.calls("delete") == []

    project.cloud.set("lost_region", "")
    switch_over(project, HOME)
    failover.write(FailoverRecord("failover", "finishing", STANDBY, HOME, planned=False, since="t"))
    failover.converge()
    assert project.cloud.calls("delete") == []
    assert "unchanged" in project.up("--expect-no-changes")
