"""Services in a standby location of Azure with the real engine: an existing stack gains them, and they serve without the other location."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.plan.inventory import Value
from tests.engine.conftest import need_engine
from tests.engine.failover_project import by_urn, differing, failover_of, inputs_by_urn
from tests.engine.project import STACK, EngineProject, small_platform

HOME, STANDBY = "westus3", "eastus"
SERVER = "azure-native:dbforpostgresql:Server"
REPLICA = f"{STACK}-{STANDBY}-database"
ORIGIN_TYPE, ORIGIN = "azure-native:cdn:AFDOrigin", f"{STACK}-entry-gateway-{STANDBY}"


def platform(**changes: object) -> dict[str, object]:
    uses = ["database", "storage"]
    high = {"database__high_availability": True}
    return small_platform("azure", storage={}, services__gateway__uses=uses, **high, **changes)


def settings(active: str = HOME) -> dict[str, object]:
    return platform(recovery={"mode": "warm", "standby_region": STANDBY, "active_region": active})


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform in one location, then in two."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("azure-warm"))
    project.cloud.set("second_region", STANDBY)
    project.init_with(platform())
    project.up()
    return project


@pytest.fixture(scope="module")
def warm(single: EngineProject, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    project = single.copy(tmp_path_factory.mktemp("azure-two"))
    project.write(settings())
    project.up()
    return project


def inputs_of(project: EngineProject, token: str, name: str) -> Mapping[str, Value]:
    (found,) = [each for urn, each in by_urn(project).items() if urn.endswith(f"{token}::{name}")]
    inputs = found["inputs"]
    assert isinstance(inputs, Mapping)
    return inputs


def test_an_existing_stack_gains_the_other_location_in_place(single: EngineProject, warm: EngineProject) -> None:
    before, after = by_urn(single), by_urn(warm)
    assert before.keys() < after.keys()
    assert {urn: after[urn].get("id") for urn in before} == {urn: each.get("id") for urn, each in before.items()}
    assert not warm.cloud.calls("delete")
    replica = inputs_of(warm, SERVER, f"{STACK}-{STANDBY}-database")
    assert replica["createMode"] == "Replica" and "administratorLoginPassword" not in replica
    assert "unchanged" in warm.up("--expect-no-changes")


def promote(project: EngineProject) -> None:
    """Do what a switchover does that the home location does not answer for."""
    for key, value in (("replicationRole", "Primary"), ("replica", {"role": "Primary"})):
        project.cloud.change(f"{SERVER}@{STANDBY}", REPLICA, key, value)


def changes(project: EngineProject) -> list[tuple[str, str]]:
    """Operation and logical name of what an update would change."""
    found = project.steps()
    return [
        (str(each["op"]), str(each["urn"]).rpartition("::")[2])
        for each in found
        if each["op"] not in ("same", "refresh")
    ]


def test_the_standby_location_serves_while_every_request_to_the_home_location_hangs(
    warm: EngineProject, tmp_path: Path
) -> None:
    project = warm.copy(tmp_path)
    before, states = inputs_by_urn(project), by_urn(project)
    project.cloud.set("lost_region", HOME)
    promote(project)
    failover = failover_of(project)
    changed = {str(urn) for urn in failover.targets(STANDBY)}
    failover.adopt(STANDBY)

    after = by_urn(project)
    assert {urn: each.get("id") for urn, each in after.items()} == {urn: each.get("id") for urn, each in states.items()}
    assert differing(before, inputs_by_urn(project)).keys() == changed
    names = {urn.rpartition("::")[2] for urn in changed}
    assert names >= {REPLICA, f"{STACK}-{STANDBY}-compute-gateway"}
    assert all(STANDBY in name for name in names) and ORIGIN not in names
    assert not project.cloud.calls("request")
    assert not project.cloud.calls("delete")
    server = inputs_of(project, SERVER, REPLICA)
    # what a server began as is kept, and no update promotes it
    assert server["createMode"] == "Replica"
    high = server["highAvailability"]
    assert isinstance(high, Mapping) and high["mode"] != "Disabled"
    # no placeholder of the plan reaches what is updated
    assert "<" not in str([after[urn]["inputs"] for urn in changed if ":app:" in urn])

    # when the location answers again, updates in place are left there and at the entry
    project.cloud.set("lost_region", "")
    left = changes(project)
    assert {operation for operation, _ in left} == {"update"}
    assert {name for _, name in left if STANDBY in name} == {ORIGIN}
    project.up()
    assert "unchanged" in project.up("--expect-no-changes")
    assert project.cloud.calls("delete") == []


@pytest.mark.long(reason="another failback is in the chosen set")
def test_the_home_location_gets_its_role_back_before_the_entry_leads_to_it(warm: EngineProject, tmp_path: Path) -> None:
    project = warm.copy(tmp_path)
    original = inputs_by_urn(project)
    for region in (STANDBY, HOME):
        if region == STANDBY:
            promote(project)
        failover = failover_of(project)
        assert not [urn for urn in failover.targets(region) if "cdn:" in urn]
        failover.adopt(region)
        origins = {
            place: inputs_of(project, ORIGIN_TYPE, f"{STACK}-entry-gateway-{place}") for place in (HOME, STANDBY)
        }
        other = HOME if region == STANDBY else STANDBY
        assert (origins[region]["enabledState"], origins[other]["enabledState"]) == ("Disabled", "Enabled")
        project.up()
    assert "unchanged" in project.up("--expect-no-changes")
    left = differing(original, inputs_by_urn(project))
    # what a server has had as the one that writes, which no update takes from it
    had = {"administratorLoginPassword", "replica", "replicationRole"}
    assert {urn.rpartition("::")[2]: keys for urn, keys in left.items()} == {REPLICA: had}
    assert project.cloud.calls("delete") == []


def test_the_home_location_serves_again_while_every_request_to_the_standby_location_hangs(
    warm: EngineProject, tmp_path: Path
) -> None:
    project = warm.copy(tmp_path)
    promote(project)
    failover_of(project).adopt(STANDBY)
    project.up()
    before = inputs_by_urn(project)
    project.cloud.set("lost_region", STANDBY)
    failover = failover_of(project)
    changed = {str(urn) for urn in failover.targets(HOME)}
    failover.adopt(HOME)
    assert differing(before, inputs_by_urn(project)).keys() == changed
    assert (project.cloud.calls("request"), project.cloud.calls("delete")) == ([], [])

    project.cloud.set("lost_region", "")
    assert {operation for operation, _ in changes(project)} == {"update"}
    project.up()
    assert "unchanged" in project.up("--expect-no-changes")
    assert project.cloud.calls("delete") == []
