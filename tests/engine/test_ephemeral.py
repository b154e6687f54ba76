"""Ephemeral stacks with the real engine: created from the file of another stack and destroyed by a sweep."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from automation import Deployment
from automation.day2 import sweep
from automation.deploy import Clock, Preview
from automation.deploy.workspace import copy_secrets
from automation.stack import document
from providers.contract.spec.defaults import Raw
from tests.engine.project import LISTED_SECRET, SMALL, STACK, EngineProject
from tests.planning import SECRET

NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)


def ephemeral_deployment(project: EngineProject, name: str, ttl_hours: float | None = None) -> Deployment:
    clock = Clock(now=lambda: NOON)
    return Deployment(
        STACK, project.folder, name=name, ttl_hours=ttl_hours, environment=project.environment, clock=clock
    )


def test_a_sweep_destroys_only_expired_ephemeral_stacks(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    files = sorted(path.name for path in project.folder.glob("Pulumi*"))
    ephemeral = ephemeral_deployment(project, "pr-7", 2)
    ephemeral.create()
    outcome = ephemeral.up(preview=Preview("pr-7", ()))
    assert outcome.outputs["url"] == "https://pr-7.agents.example.com"
    assert ephemeral.history()[0].config["agent-platform:expires_at"] == "2031-05-17T14:00:00+00:00"
    assert SECRET in "\n".join(item.inputs for item in project.cloud.objects() if "secrets" in item.name)
    assert sorted(path.name for path in project.folder.glob("Pulumi*")) == files
    assert run_sweep(project, NOON + timedelta(hours=1)) == []
    assert run_sweep(project, NOON + timedelta(hours=3), dry_run=True) == [("pr-7", "due")]
    assert run_sweep(project, NOON + timedelta(hours=3)) == [("pr-7", "destroyed")]
    assert run_sweep(project, NOON + timedelta(days=36500)) == []
    assert not any("database" in item.name for item in project.cloud.objects())
    assert json.loads(project.run("stack", "ls", "--json", stack=None))[0]["name"] == STACK


def test_a_sweep_destroys_an_expired_stack_without_a_completed_update(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    ephemeral_deployment(project, "pr-8", 2).create()
    assert run_sweep(project, NOON + timedelta(hours=1)) == []
    assert run_sweep(project, NOON + timedelta(hours=3)) == [("pr-8", "destroyed")]


@pytest.mark.long(reason="about the backend of Pulumi Cloud only")
def test_an_ephemeral_stack_copies_secrets_that_only_the_backend_decrypts(
    project: EngineProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project.init("gcp", SMALL)
    # as with Pulumi Cloud, where the file contains no key for its secrets
    monkeypatch.setattr(document, "SEALED_WITH", ())
    ephemeral = ephemeral_deployment(project, "pr-9")
    assert copy_secrets(ephemeral.engine, ephemeral.workdir, ephemeral.create) is True
    ephemeral.workdir.renew(NOON)
    key = f"agent-platform:{LISTED_SECRET}"
    original, copied = (cast("Raw", document.StackDocument.load(file).sealed.values[key]) for file in (
        project.folder / f"Pulumi.{STACK}.yaml", ephemeral.work_folder / "Pulumi.pr-9.yaml",
    ))  # fmt: skip
    assert copied != original
    assert ephemeral.engine.run_command("config", "get", key).strip() == SECRET
    assert SECRET not in str(capfd.readouterr())


def run_sweep(project: EngineProject, now: datetime, *, dry_run: bool = False) -> list[tuple[str, str]]:
    results = sweep(project.folder, dry_run=dry_run, environment=project.environment, clock=Clock(now=lambda: now))
    return [(each.stack, each.result) for each in results]
