"""Warm standby of a standing Azure stack with the real engine: gained in place, and served there while the other location is lost."""

from collections.abc import Mapping

import pytest

from automation.deploy.deployment import Deployment
from automation.failover.stack_failover import StackFailover
from automation.plan.inventory import Value
from tests.engine.conftest import need_engine
from tests.engine.project import STACK, EngineProject, small_platform
from tests.engine.test_failover import by_urn, differing, phase

HOME, STANDBY = "westus3", "eastus"
SERVER = "azure-native:dbforpostgresql:Server"
APP = "azure-native:app:ContainerApp"


def platform(**changes: object) -> dict[str, object]:
    uses = ["database", "storage"]
    high = {"database__high_availability": True}
    return small_platform("azure", storage={}, services__gateway__uses=uses, **high, **changes)


def warm(active: str = HOME) -> dict[str, object]:
    return platform(recovery={"mode": "warm", "standby_region": STANDBY, "active_region": active})


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform in one location, then in two."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("azure-warm"))
    project.cloud.set("second_region", STANDBY)
    project.init_with(platform())
    project.up()
    return project


@pytest.fixture(scope="module")
def warm_project(standing: EngineProject, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    project = standing.copy(tmp_path_factory.mktemp("azure-two"))
    project.write(warm())
    project.up()
    return project


def inputs_of(project: EngineProject, token: str, name: str) -> Mapping[str, Value]:
    (found,) = [each for urn, each in by_urn(project).items() if urn.endswith(f"{token}::{name}")]
    inputs = found["inputs"]
    assert isinstance(inputs, Mapping)
    return inputs


def test_a_standing_stack_gains_the_other_location_in_place(
    standing: EngineProject, warm_project: EngineProject
) -> None:
    before, after = by_urn(standing), by_urn(warm_project)
    assert before.keys() < after.keys()
    assert {urn: after[urn].get("id") for urn in before} == {urn: each.get("id") for urn, each in before.items()}
    assert not warm_project.cloud.calls("delete")
    replica = inputs_of(warm_project, SERVER, f"{STACK}-{STANDBY}-database")
    assert replica["createMode"] == "Replica" and "administratorLoginPassword" not in replica
    assert [step for step in warm_project.steps() if step["op"] not in ("same", "refresh")] == []


def test_a_location_serves_while_every_request_to_the_other_one_hangs(
    warm_project: EngineProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = warm_project.copy(tmp_path_factory.mktemp("azure-lost"))
    before = by_urn(project)
    project.cloud.set("lost_region", HOME)
    failover = StackFailover(
        Deployment(STACK, project.folder, environment=project.environment), lambda _line: None, phase
    )
    changed = {str(urn) for urn in failover.targets(STANDBY)}
    failover.adopt(STANDBY)

    after = by_urn(project)
    assert after.keys() == before.keys()
    assert {urn: each["id"] for urn, each in after.items() if each.get("id")} == {
        urn: each["id"] for urn, each in before.items() if each.get("id")
    }
    assert differing(before, after) == changed
    names = {urn.rpartition("::")[2] for urn in changed}
    assert names >= {f"{STACK}-{STANDBY}-database", f"{STACK}-{STANDBY}-compute-gateway"}
    assert all(STANDBY in name for name in names)
    assert not project.cloud.calls("request")
    assert not project.cloud.calls("delete")
    server = inputs_of(project, SERVER, f"{STACK}-{STANDBY}-database")
    # what a server began as is kept, and no update promotes it
    assert server["createMode"] == "Replica" and "replica" not in server
    high = server["highAvailability"]
    assert isinstance(high, Mapping) and high["mode"] != "Disabled"

    # when the location answers again, updates in place are left there and at the entry
    project.cloud.set("lost_region", "")
    steps = [step for step in project.steps() if step["op"] not in ("same", "refresh")]
    assert {step["op"] for step in steps} == {"update"}
    left = {step["urn"].rpartition("::")[2] for step in steps}
    assert {name for name in left if STANDBY in name} == {f"{STACK}-entry-gateway-{STANDBY}"}
