"""Stacks with an end under the real engine: made from another's file, swept away from anywhere."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from automation import Deployment
from automation.day2 import sweep
from automation.deploy import Clock, Preview
from automation.deploy.workspace import copy_secrets
from automation.stack import folders
from providers.contract.spec.defaults import Raw
from tests.engine.project import STACK, EngineProject
from tests.engine.test_day2 import LISTED, SMALL
from tests.planning import SECRET

NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)


def on(project: EngineProject, name: str, ttl_hours: float | None = None) -> Deployment:
    clock = Clock(now=lambda: NOON)
    return Deployment(
        STACK, project.folder, name=name, ttl_hours=ttl_hours, environment=project.environment, clock=clock
    )


def test_an_ephemeral_stack_goes_when_its_time_is_over_and_nothing_else_does(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    files = sorted(path.name for path in project.folder.glob("Pulumi*"))
    ephemeral = on(project, "pr-7", 2)
    ephemeral.create()
    outcome = ephemeral.up(preview=Preview("pr-7", ()))
    assert outcome.outputs["url"] == "https://pr-7.agents.example.com"
    assert ephemeral.history()[0].config["agent-platform:expires_at"] == "2031-05-17T14:00:00+00:00"
    assert SECRET in "\n".join(thing.inputs for thing in project.cloud.objects() if "secrets" in thing.name)
    assert sorted(path.name for path in project.folder.glob("Pulumi*")) == files
    assert swept(project, NOON + timedelta(hours=1)) == []
    assert swept(project, NOON + timedelta(hours=3), dry_run=True) == [("pr-7", "due")]
    assert swept(project, NOON + timedelta(hours=3)) == [("pr-7", "destroyed")]
    assert swept(project, NOON + timedelta(days=36500)) == []
    assert not any("database" in thing.name for thing in project.cloud.objects())
    assert json.loads(project.run("stack", "ls", "--json", stack=None))[0]["name"] == STACK


def test_an_ephemeral_stack_whose_first_update_was_cut_off_goes_too(project: EngineProject) -> None:
    project.init("gcp", SMALL)
    on(project, "pr-8", 2).create()
    assert swept(project, NOON + timedelta(hours=1)) == []
    assert swept(project, NOON + timedelta(hours=3)) == [("pr-8", "destroyed")]


def test_an_ephemeral_stack_gets_secrets_that_only_the_backend_opens(
    project: EngineProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project.init("gcp", SMALL)
    # as with Pulumi Cloud: nothing in the file says what opens its values
    monkeypatch.setattr(folders, "SEALED_WITH", ())
    ephemeral = on(project, "pr-9")
    assert copy_secrets(ephemeral.engine, ephemeral.workdir, ephemeral.create) is True
    ephemeral.workdir.renew(NOON)
    key = f"agent-platform:{LISTED}"
    theirs, own = (cast("Raw", folders.sealed_in(file).values[key]) for file in (
        project.folder / f"Pulumi.{STACK}.yaml", ephemeral.work_folder / "Pulumi.pr-9.yaml",
    ))  # fmt: skip
    assert own != theirs
    assert ephemeral.engine.run_command("config", "get", key).strip() == SECRET
    assert SECRET not in str(capfd.readouterr())


def swept(project: EngineProject, now: datetime, *, dry_run: bool = False) -> list[tuple[str, str]]:
    found = sweep(project.folder, dry_run=dry_run, environment=project.environment, clock=Clock(now=lambda: now))
    return [(each.stack, each.result) for each in found]
