"""Copies and restore drills of a standing stack on Google Cloud with the real engine: added in place, and the commands."""

from pathlib import Path

import pytest

from automation import Deployment, Drills
from tests.engine.conftest import need_engine
from tests.engine.project import LISTED_SECRET, STACK, EngineProject, small_platform
from tests.gcp.test_drill import GOOD, Shell

COPIES: dict[str, object] = {"mode": "backup", "standby_region": "us-east1", "lock": "governance"}
DRILL = {"query": "SELECT count(*) FROM sessions"}
LEFTOVER = "prod-drill-20261122040000"


def platform(**changes: object) -> dict[str, object]:
    return small_platform("gcp", storage={}, services__gateway__uses=["database", "storage"], **changes)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Stack with a database and objects, without copies and drills."""
    need_engine()
    project = EngineProject.create(tmp_path_factory.mktemp("google-recovery"))
    project.init_with(platform())
    project.up()
    return project


def deployment(project: EngineProject) -> Deployment:
    return Deployment(STACK, project.folder, environment=project.environment)


def test_a_standing_stack_gains_copies_and_a_drill_in_place_and_its_drill_runs(
    first: EngineProject, tmp_path: Path
) -> None:
    project = first.copy(tmp_path)
    project.write(platform(recovery={**COPIES, "drill": DRILL}))
    preview = deployment(project).preview()
    assert {change.operation for change in preview.changes} <= {"create", "update", "same"}
    deployment(project).up(preview=preview)
    assert project.cloud.calls("delete") == []
    tokens = {item.token for item in project.cloud.objects()}
    assert {"gcp:storage/transferJob:TransferJob", "gcp:workflows/workflow:Workflow"} <= tokens
    copies = {item.name for item in project.cloud.objects("gcp:secretmanager/secret:Secret") if "us-east1" in item.name}
    listed = {f"{STACK}-us-east1-secrets-{name}" for name in (LISTED_SECRET, "OS_SECURITY_KEY")}
    assert copies == {*listed, f"{STACK}-us-east1-secrets-database-password"}
    assert "unchanged" in project.up("--expect-no-changes")

    shell = Shell("SUCCEEDED", GOOD, "the query returned 17\n")
    shell.answers = {**shell.answers, "sql instances list": LEFTOVER}
    drills = Drills(deployment(project), shell=shell)
    assert drills.run().query_result == "17" and drills.last_verified() is not None
    assert drills.sweep() == (LEFTOVER,)
    assert shell.commands[-1].arguments[1:5] == ("sql", "instances", "delete", LEFTOVER)


@pytest.mark.long(reason="the change to copies and a drill is in the chosen set")
def test_a_stack_without_copies_again_keeps_what_holds_data(first: EngineProject, tmp_path: Path) -> None:
    project = first.copy(tmp_path)
    project.write(platform(recovery=COPIES))
    deployment(project).up()
    project.write(platform())
    preview = deployment(project).preview()
    deleted = {change.urn.rpartition("::")[2] for change in preview.changes if change.operation == "delete"}
    assert {f"{STACK}-us-east1-recovery-database", f"{STACK}-us-east1-storage"} <= deleted
