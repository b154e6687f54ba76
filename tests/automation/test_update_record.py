"""Record of the last update of a Docker stack: what makes a repeat of it run program and providers again."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from automation.deploy.deployment import Deployment
from automation.deploy.results import Clock
from automation.deploy.update_record import (
    UpdateRecord,
    unchanged_outcome,
    unchanged_preview,
    update_record,
)
from automation.local.state import LocalState
from tests.automation.event_fixtures import urn_of
from tests.planning import ROOT

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
STACK = "local"
FOLDERS = "automation.deploy.update_record.PROGRAM_FOLDERS"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Project folder with a deployed stack whose state is in it, and the files of a program."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml"):
        (project / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    state = LocalState(project)
    state.create()
    state.checkpoint(STACK).parent.mkdir(parents=True)
    state.checkpoint(STACK).write_text("{}", encoding="utf-8")
    state.authority(STACK).write_text("certificate", encoding="utf-8")
    program = tmp_path / "program"
    program.mkdir()
    (program / "region.py").write_text("one", encoding="utf-8")
    monkeypatch.setattr(FOLDERS, (program,))
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return project


def record(folder: Path, now: datetime = NOW) -> UpdateRecord:
    deployment = Deployment(STACK, folder, clock=Clock(now=lambda: now))
    found = update_record(deployment)
    assert found is not None
    return found


def test_an_update_with_the_same_input_is_unchanged_for_a_day(folder: Path) -> None:
    assert not record(folder).is_current, "nothing was recorded"
    record(folder).save()
    assert record(folder).is_current
    assert record(folder, NOW + timedelta(hours=23)).is_current
    assert not record(folder, NOW + timedelta(hours=25)).is_current, "an update renews certificates"
    assert not record(folder, NOW - timedelta(hours=1)).is_current, "a clock that was set back proves nothing"


def append(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


CHANGES: dict[str, Callable[[Path], object]] = {
    "the stack file": lambda folder: append(folder / "Pulumi.local.yaml"),
    "the project file": lambda folder: append(folder / "Pulumi.yaml"),
    "the program of the project": lambda folder: append(folder / "__main__.py"),
    "the package": lambda folder: append(folder.parent / "program" / "region.py"),
    "a word of the package": lambda folder: (folder.parent / "program" / "region.py").write_text("two"),
    "the name of a module": lambda folder: (folder.parent / "program" / "region.py").rename(
        folder.parent / "program" / "a.py"
    ),
    "a new module of the package": lambda folder: (folder.parent / "program" / "new.sh").write_text(""),
    "the state": lambda folder: append(LocalState(folder).checkpoint(STACK)),
    "the authority's file": lambda folder: LocalState(folder).authority(STACK).unlink(),
    "the record": lambda folder: record(folder).path.write_text("[]"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_anything_that_an_update_reads_makes_it_run_again(folder: Path, change: str) -> None:
    record(folder).save()
    CHANGES[change](folder)
    assert not record(folder).is_current


def test_a_package_that_is_installed_again_is_unchanged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(folder).save()
    installed = folder.parent / "installed"
    installed.mkdir()
    (installed / "region.py").write_text("one", encoding="utf-8")
    os.utime(installed / "region.py", (0, 0))
    monkeypatch.setattr(FOLDERS, (installed,))
    assert record(folder).is_current


def test_another_docker_host_and_another_image_make_an_update_run_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(folder).save()
    other = record(folder)
    other.deployment.use_values({"services.gateway.image": "gateway:0123456789ab"})
    assert not other.is_current
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2375")
    assert not record(folder).is_current


def test_a_passphrase_is_no_part_of_the_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(folder).save()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    assert record(folder).is_current
    assert set(json.loads(record(folder).path.read_text(encoding="utf-8"))) == {"time", "digest"}


def test_ephemeral_stacks_and_other_backends_have_no_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert update_record(Deployment(STACK, folder, name="pr-1")) is None
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://state")
    assert update_record(Deployment(STACK, folder)) is None


def test_the_outcome_has_the_resources_and_the_outputs_of_the_state() -> None:
    stack = {
        "urn": urn_of("pulumi:pulumi:Stack", "project-local"), "type": "pulumi:pulumi:Stack", "custom": False,
        "outputs": {"url": "https://localhost", "key": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}},
    }  # fmt: skip
    container = {"urn": urn_of("docker:index/container:Container", "web"), "type": "x", "custom": True}
    exported = {"version": 3, "deployment": {"resources": [stack, container]}}
    preview = unchanged_preview(STACK, exported)
    assert (preview.effective, preview.counts) == ((), {"same": 1})
    outcome = unchanged_outcome(preview, exported)
    assert (outcome.outputs, outcome.counts) == ({"url": "https://localhost", "key": "[secret]"}, {"same": 1})


@pytest.mark.parametrize(
    "values",
    [
        {"services.gateway.rollout": {"strategy": "canary"}},
        {"services.gateway.release": {"command": ["true"]}},
    ],
)
def test_a_stack_with_releases_or_rollouts_in_steps_has_no_record(folder: Path, values: dict[str, object]) -> None:
    deployment = Deployment(STACK, folder)
    deployment.use_values(values)
    assert update_record(deployment) is None
