"""Copies and restore drills of an existing Azure stack with the real engine: added in place, refused where they cannot be."""

import json
from pathlib import Path

import pytest

from automation import Deployment, Drills
from providers.azure.cli_commands import context_of
from providers.azure.naming import copy_prefix, drill_job
from providers.contract.diagnostics import InvalidConfiguration
from tests.azure.fake_shell import FakeShell
from tests.engine.conftest import need_engine
from tests.engine.project import LISTED_SECRET, STACK, EngineProject, small_platform

SERVER = "azure-native:dbforpostgresql:Server"
COPIES: dict[str, object] = {"mode": "backup", "standby_region": "centralus", "lock": "governance"}
DRILL = {"query": "SELECT count(*) FROM sessions"}
EVIDENCE = {
    "verified": True, "recovery_point": "prod-database@2026-11-29T03:50:00Z", "recovery_point_time": "2026-11-29T03:50:00Z",
    "restore_seconds": 900, "query_result": "17", "deleted": True, "problem": None,
}  # fmt: skip


def platform(**changes: object) -> dict[str, object]:
    uses = ["database", "storage"]
    return small_platform("azure", azure__location="eastus2", storage={}, services__gateway__uses=uses, **changes)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Stack with a database and objects, whose server was created without geo-redundant backup."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("azure-recovery"))
    project.init_with(platform())
    project.up()
    return project


def deployment(project: EngineProject) -> Deployment:
    return Deployment(STACK, project.folder, environment=project.environment)


def give_geo_backup(project: EngineProject) -> None:
    """Change the state into that of a server that was created with geo-redundant backup."""
    (file,) = (project.folder.parent / "backend").rglob(f"{STACK}.json")
    text = file.read_text(encoding="utf-8")
    assert '"geoRedundantBackup":"Disabled"' in text
    file.write_text(text.replace('"geoRedundantBackup":"Disabled"', '"geoRedundantBackup":"Enabled"'), encoding="utf-8")
    for sums in Path(file.parent).glob("*.sha256"):
        sums.unlink()


def test_a_server_without_geo_redundant_backup_is_refused_before_anything_changes(
    first: EngineProject, tmp_path: Path
) -> None:
    project = first.copy(tmp_path)
    created = len(project.cloud.calls("create"))
    project.write(platform(recovery=COPIES))
    with pytest.raises(InvalidConfiguration, match="created without geo-redundant backup, and Azure cannot add it"):
        deployment(project).preview()
    assert len(project.cloud.calls("create")) == created


def test_a_standing_stack_gains_copies_and_a_drill_in_place_and_its_drill_runs(
    first: EngineProject, tmp_path: Path
) -> None:
    project = first.copy(tmp_path)
    give_geo_backup(project)
    project.write(platform(recovery={**COPIES, "drill": DRILL}))
    preview = deployment(project).preview()
    assert {change.operation for change in preview.changes} <= {"create", "update", "same"}
    deployment(project).up(preview=preview)
    assert project.cloud.calls("delete") == []
    tokens = {item.token for item in project.cloud.objects()}
    assert {"dataprotection:BackupInstance", "storage:ObjectReplicationPolicy"} <= {
        token.removeprefix("azure-native:") for token in tokens
    }
    copies = [item for item in project.cloud.objects("azure-native:keyvault:Secret") if "centralus" in item.name]
    listed = {f"prod-centralus-secrets-{name}" for name in (LISTED_SECRET, "OS_SECURITY_KEY")}
    assert {item.name for item in copies} == {*listed, "prod-centralus-database-libpq-password"}
    assert "unchanged" in project.up("--expect-no-changes")

    shell = FakeShell(
        {
            "job start": ["e-1\n"],
            "execution show": ["Running\n", "Succeeded\n"],
            "/query": [f"{json.dumps(EVIDENCE)}\n"],
            "flexible-server list": [
                f"{copy_prefix(context_of(deployment(project).file.spec, STACK))}20261122040000\n"
            ],
        }
    )
    drills = Drills(deployment(project), shell=shell)
    assert drills.run().succeeded
    assert drill_job(context_of(deployment(project).file.spec, STACK)) in shell.with_part("job start")[0]
    (left,) = drills.sweep()
    assert f"--name {left}" in shell.with_part("flexible-server delete")[0]
