"""Stacks with an end under the real engine: made from another's file, swept away from anywhere."""

import json
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from automation import Deployment
from automation.day2 import sweep
from automation.deploy import Clock, Preview
from automation.deploy.workspace import take_over_secrets
from automation.stack import folders
from providers.contract.spec.defaults import Raw
from tests.engine.bench import STACK, Bench
from tests.engine.test_care import LISTED, SMALL
from tests.planning import SECRET

NOON = datetime(2031, 5, 17, 12, tzinfo=UTC)


def on(bench: Bench, name: str, ttl_hours: float | None = None) -> Deployment:
    clock = Clock(now=lambda: NOON)
    return Deployment(STACK, bench.folder, name=name, ttl_hours=ttl_hours, environment=bench.environment, clock=clock)


def test_an_ephemeral_stack_goes_when_its_time_is_over_and_nothing_else_does(bench: Bench) -> None:
    bench.init("gcp", SMALL)
    files = sorted(path.name for path in bench.folder.glob("Pulumi*"))
    ephemeral = on(bench, "pr-7", 2)
    ephemeral.create()
    outcome = ephemeral.up(preview=Preview("pr-7", ()))
    assert outcome.outputs["url"] == "https://pr-7.agents.example.com"
    assert ephemeral.history()[0].config["agent-platform:expires_at"] == "2031-05-17T14:00:00+00:00"
    assert SECRET in "\n".join(thing.inputs for thing in bench.cloud.objects() if "secrets" in thing.name)
    assert sorted(path.name for path in bench.folder.glob("Pulumi*")) == files
    assert swept(bench, NOON + timedelta(hours=1)) == []
    assert swept(bench, NOON + timedelta(hours=3), dry_run=True) == [("pr-7", "due")]
    assert swept(bench, NOON + timedelta(hours=3)) == [("pr-7", "destroyed")]
    assert swept(bench, NOON + timedelta(days=36500)) == []
    assert not any("database" in thing.name for thing in bench.cloud.objects())
    assert json.loads(bench.run("stack", "ls", "--json", stack=None))[0]["name"] == STACK


def test_an_ephemeral_stack_whose_first_update_was_cut_off_goes_too(bench: Bench) -> None:
    bench.init("gcp", SMALL)
    on(bench, "pr-8", 2).create()
    assert swept(bench, NOON + timedelta(hours=1)) == []
    assert swept(bench, NOON + timedelta(hours=3)) == [("pr-8", "destroyed")]


def test_an_ephemeral_stack_gets_secrets_that_only_the_backend_opens(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.init("gcp", SMALL)
    # as with Pulumi Cloud: nothing in the file says what opens its values
    monkeypatch.setattr(folders, "SEALED_WITH", ())
    ephemeral = on(bench, "pr-9")
    assert take_over_secrets(ephemeral.engine, ephemeral.layout, ephemeral.create) is True
    ephemeral.layout.renew(NOON)
    key = f"agent-platform:{LISTED}"
    theirs, own = (cast("Raw", folders.sealed_in(file).values[key]) for file in (
        bench.folder / f"Pulumi.{STACK}.yaml", ephemeral.work_folder / "Pulumi.pr-9.yaml",
    ))  # fmt: skip
    assert own != theirs
    assert ephemeral.engine.ask("config", "get", key).strip() == SECRET
    assert SECRET not in str(capfd.readouterr())


def swept(bench: Bench, now: datetime, *, dry_run: bool = False) -> list[tuple[str, str]]:
    found = sweep(bench.folder, dry_run=dry_run, environment=bench.environment, clock=Clock(now=lambda: now))
    return [(each.stack, each.result) for each in found]
