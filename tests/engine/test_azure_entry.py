"""Change of the entry of a deployed Azure stack with the real engine: the new one first, the old one last."""

from pathlib import Path

import pytest

from automation import Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from tests.engine.conftest import need_engine
from tests.engine.project import STACK, EngineProject, small_platform

GATEWAY: dict[str, object] = {
    "azure.entry": "gateway",
    "ingress.certificate": {"azure": "certificates/acme-certs/agents"},
}
FRONT_DOOR_NAMES = ("prod-entry", "prod-entry-endpoint")
GATEWAY_NAMES = ("prod-entry-application-gateway", "prod-entry-address", "prod-network-gateway")
"""Resources that docs/edge.md names in the commands of a change."""
NETWORK = "azure-native:network:"


def small(**changes: object) -> dict[str, object]:
    return small_platform("azure", **{key.replace(".", "__"): value for key, value in changes.items()})


@pytest.fixture(scope="module")
def behind_front_door(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small stack with Front Door."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("azure-entry"))
    project.init_with(small())
    project.up()
    return project


def deployment(project: EngineProject) -> Deployment:
    return Deployment(STACK, project.folder, environment=project.environment)


def test_the_entry_changes_in_one_update_and_back_with_the_old_one_deleted_last(
    behind_front_door: EngineProject, tmp_path: Path
) -> None:
    project = behind_front_door.copy(tmp_path)
    first = {(item.token, item.name) for item in project.cloud.objects()}
    for raw, losses, created in (
        (
            small(**GATEWAY),
            FRONT_DOOR_NAMES,
            ("create", f"{NETWORK}ApplicationGateway", "prod-entry-application-gateway"),
        ),
        (small(), GATEWAY_NAMES, ("create", "azure-native:cdn:Route", "prod-entry-gateway")),
    ):
        before = len(project.cloud.changes())
        project.write(raw)
        with pytest.raises(DeploymentFailed) as refusal:
            deployment(project).up()
        assert refusal.value.kind is Failure.GUARDED and len(project.cloud.changes()) == before
        assert {f"--allow-replace {name}" in refusal.value.fix for name in losses} == {True}
        deployment(project).up(allow_replace=losses)
        taken = project.cloud.changes()[before:]
        record = taken.index(("update", "azure-native:dns:RecordSet", "prod-entry-domain-record"))
        deleted = [index for index, (verb, _, _) in enumerate(taken) if verb == "delete"]
        assert taken.index(created) < record < min(deleted)
        assert not [each for each in taken if each[2] == "prod-entry-domain-record" and each[0] != "update"]
        assert {name for verb, _, name in taken if verb == "delete"} >= set(losses)
        assert not [
            name
            for verb, _, name in taken
            if verb != "update" and name.startswith(("prod-compute", "prod-environment"))
        ]
        assert "unchanged" in project.up("--expect-no-changes")
    assert {(item.token, item.name) for item in project.cloud.objects()} == first


@pytest.mark.long(reason="the refusal of protected resources is tested without the engine")
def test_a_protected_entry_is_deleted_only_by_name(behind_front_door: EngineProject, tmp_path: Path) -> None:
    project = behind_front_door.copy(tmp_path)
    (profile,) = [str(each["urn"]) for each in project.state() if each["type"] == "azure-native:cdn:Profile"]
    project.run("state", "protect", profile, "--yes")
    project.write(small(**GATEWAY))
    with pytest.raises(DeploymentFailed, match="prod-entry is protected from deletion") as refusal:
        deployment(project).preview()
    assert refusal.value.kind is Failure.PROTECTED
    assert "agent-platform up prod --allow-replace prod-entry" in refusal.value.fix
    deployment(project).allow_losses(FRONT_DOOR_NAMES)
    deployment(project).up(allow_replace=FRONT_DOOR_NAMES)
    tokens = {item.token for item in project.cloud.objects()}
    assert f"{NETWORK}ApplicationGateway" in tokens and not {each for each in tokens if ":cdn:" in each}
